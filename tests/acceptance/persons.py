"""Who sits at a terminal: with ``openstack`` and openstacksdk, or with ``glance``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deployments import FIXED_TOKEN, Site
from terminal import Finished, Terminal

DATA = "0123456789"
FIXED_TOKENS = {"none": "whatever", "admin_token": FIXED_TOKEN}


class Person:
    """Somebody with an entry in ``clouds.yaml``."""

    def __init__(self, site: Site, cloud: str) -> None:
        self.site = site
        self.cloud = cloud

    def openstack(self, command: str, *arguments: str | Path, **how: Any) -> Finished:
        """Run ``openstack`` with these words and arguments."""
        words = ("openstack", "--os-cloud", self.cloud, *command.split(), *arguments)
        return self.site.terminal.run(
            *words, **how, OS_CLIENT_CONFIG_FILE=str(self.site.clouds)
        )

    def json(self, command: str, *arguments: str | Path, **how: Any) -> Any:
        """What ``openstack`` prints as JSON."""
        return self.openstack(command, *arguments, "-f", "json", **how).json()

    def ids(self, command: str, *arguments: str | Path) -> list[str]:
        """The ids of a list that ``openstack`` prints."""
        return [row["ID"] for row in self.json(command, *arguments)]

    def sdk(self, script: str, **given: Any) -> Any:
        """What a script returns that uses openstacksdk."""
        return self.site.sdk(self.cloud, script, **given)

    def image(self, name: str, data: str | None = DATA, **values: Any) -> str:
        """The id of a new image, with data unless that is ``None``."""
        script = """
            if data is not None:
                values["data"] = data.encode("latin-1")
            values = {"disk_format": "raw", "container_format": "bare", **values}
            return cloud.image.create_image(name, allow_duplicates=True, **values).id
        """
        return str(self.sdk(script, name=name, data=data, values=values))

    def share(self, image_id: str, *projects: str) -> None:
        """Offer an image to projects, by name."""
        ids = [self.site.project_id(project) for project in projects]
        script = "for project in ids: cloud.image.add_member(image_id, member_id=project)"
        self.sdk(script, image_id=image_id, ids=ids)

    def show(self, image_id: str) -> Any:
        """The image as openstacksdk sees it."""
        return self.sdk("return cloud.image.get_image(image_id).to_dict()", image_id=image_id)

    def named(self, name: str) -> list[str]:
        """The ids of all images of that name that are listed."""
        return list(self.sdk("return [i.id for i in cloud.image.images(name=name)]", name=name))

    def answers(self, image_id: str) -> dict[str, str]:
        """The members of an image, by id, and their answers."""
        script = "return {m.member_id: m.status for m in cloud.image.members(image_id)}"
        found: dict[str, str] = self.sdk(script, image_id=image_id)
        return found

    def token(self) -> str:
        """A token for whoever cannot log in."""
        strategy = self.site.kind.strategy
        return FIXED_TOKENS.get(strategy) or str(self.sdk("return cloud.auth_token"))


class GlanceUser:
    """Somebody with ``glance``, who logs in or has a token, in a home of their own.

    In the home ``glance`` keeps the schemas of the site, and reads them the next time.
    """

    def __init__(self, owner: Person, login: str) -> None:
        site = owner.site
        home = site.directory / f"home-with-{login}"
        home.mkdir(exist_ok=True)
        self._terminal = Terminal(site.terminal.commands, home)
        self._words: list[str] = []
        self._variables: dict[str, str] = {}
        if login == "password":
            credentials = site.credentials(owner.cloud)
            self._variables = {f"OS_{name.upper()}": v for name, v in credentials.items()}
        else:
            self._words = ["--os-auth-token", owner.token(), "--os-image-url", site.root]

    def __call__(self, command: str, *arguments: str | Path, ok: bool = True) -> Finished:
        """Run ``glance`` with these words and arguments."""
        words = ("glance", *self._words, *command.split(), *arguments)
        return self._terminal.run(*words, ok=ok, **self._variables)

    def twice(self, command: str, *arguments: str | Path) -> Finished:
        """Run it, and run it again with what the first run has left in the home."""
        assert self(command, *arguments).err == ""
        return self(command, *arguments)
