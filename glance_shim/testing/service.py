"""A service under test: its files, its people, and the server that runs it."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from glance_shim import config, deployment
from glance_shim.context import Deployment
from glance_shim.core.identity import (
    bootstrap,
    passwords,
    projects,
    roles,
    system_context,
    users,
)
from glance_shim.db import connection, schema
from glance_shim.db.identity import tokens as token_rows
from glance_shim.db.identity import users as user_rows
from glance_shim.testing.people import Account, Person
from glance_shim.testing.switches import Switches

if TYPE_CHECKING:
    from glance_shim.testing.process import ProcessServer

PEOPLE = bootstrap.PEOPLE
FIRST = "platform"


class Service:
    """A running service; see ``glance_shim.testing.running``.

    ``people`` are its users by their names in ``clouds_yaml``; whatever is
    not said to be somebody's is done by ``platform``, a member of the project
    of that name, or by whom `acting_as` says. ``switches`` make it fail.
    """

    def __init__(
        self, directory: Path, process: ProcessServer | None, options: Mapping[str, Any]
    ) -> None:
        self.directory = directory
        self.clouds_yaml = directory / "clouds.yaml"
        self.acting = FIRST
        self._server: Any = process
        file = _written(directory, options, process is not None)
        self.deployment = _built(file)
        accounts = _fill(self.deployment, directory / "glance-shim.db")
        turned = directory / "switches.json" if process else None
        self.switches = Switches(turned)
        try:
            if process and turned:
                process.serve(file, turned)
            else:
                from glance_shim.testing.thread import ThreadServer

                self._server = ThreadServer(self.deployment, self.switches)
            self.people = {account.cloud: Person(self, account) for account in accounts}
            self._write_clouds()
        except BaseException:
            self.stop()
            raise

    @property
    def port(self) -> int:
        return int(self._server.port)

    @property
    def url(self) -> str:
        """The root of the service, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def auth_url(self) -> str:
        """Where the identity service is, as ``OS_AUTH_URL`` says it."""
        return f"{self.url}/identity/v3"

    @property
    def environ(self) -> dict[str, str]:
        """Variables with which any OpenStack client finds the service and who acts."""
        return {"OS_CLIENT_CONFIG_FILE": str(self.clouds_yaml), "OS_CLOUD": self.acting}

    def person(self, cloud: str | None = None) -> Person:
        """The person of that name, or else who acts; raises ``KeyError`` with the names."""
        try:
            return self.people[cloud or self.acting]
        except KeyError:
            raise KeyError(f"there is no {cloud!r} but {', '.join(self.people)}") from None

    @contextlib.contextmanager
    def acting_as(self, cloud: str) -> Iterator[Person]:
        """Let somebody else, of another project, act in the block."""
        person, before = self.person(cloud), self.acting
        self.acting = cloud
        try:
            yield person
        finally:
            self.acting = before

    def add_person(
        self, cloud: str, project: str | None = None, role: str = "member"
    ) -> Person:
        """Somebody new, with a role in a project, which is made if need be.

        Without a name the project is called like the cloud. ``clouds.yaml``
        knows the person from then on.
        """
        with connection.connected(self.deployment.database):
            account = _account(self.deployment, cloud, project or cloud, role)
        self.people[cloud] = Person(self, account)
        self._write_clouds()
        return self.people[cloud]

    @property
    def connection(self) -> Any:
        """The connection of openstacksdk of who acts."""
        return self.person().connection

    @property
    def token(self) -> str:
        """A valid token of who acts."""
        return self.person().token

    def create_image(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """As `Person.create_image`, by who acts."""
        return self.person().create_image(*args, **kwargs)

    def request(self, *args: Any, **kwargs: Any) -> Any:
        """As `Person.request`, by who acts."""
        return self.person().request(*args, **kwargs)

    def expire_tokens(self) -> None:
        """Let every token that was given until now be refused; who logs in again goes on."""
        with connection.connected(self.deployment.database):
            for person in self.people.values():
                token_rows.remove_of_user(person.user_id)

    def stop(self) -> None:
        """End it and let go of everything; its files stay."""
        for person in getattr(self, "people", {}).values():
            person.close()
        if self._server is not None:
            self._server.stop()
            self._server = None
        # Not those in use: a connection that is closed under a thread takes the process along.
        self.deployment.database.close_idle()

    def _write_clouds(self) -> None:
        region = self.deployment.config.identity.region
        clouds = {
            cloud: bootstrap.cloud_entry(person.account._asdict(), self.auth_url, region)
            for cloud, person in self.people.items()
        }
        self.clouds_yaml.write_text(yaml.safe_dump({"clouds": clouds}, sort_keys=False))


def _built(file: Path) -> Deployment:
    """The deployment of the options in a file; the umask of the process stays as it is."""
    umask = os.umask(0o077)
    try:
        return deployment.build(config.load([str(file)]))
    finally:
        os.umask(umask)


def _written(directory: Path, options: Mapping[str, Any], process: bool) -> Path:
    """The file with the options; raises ``ValueError`` for another database."""
    if "connection" in options.get("database", {}):
        raise ValueError("a service under test has a SQLite database of its own")
    directory.mkdir(parents=True, exist_ok=True)
    sections: dict[str, dict[str, Any]] = {
        "DEFAULT": {
            "state_path": directory,
            "workers": 1,
            "enabled_backends": {"local": "file"},
        },
        "database": {"connection": f"sqlite:///{directory}/glance-shim.db"},
        "glance_store": {},
        "task": {"workers": 1},
    }
    if process:
        sections["DEFAULT"]["graceful_timeout"] = 1
    for name, value in options.items():
        if isinstance(value, Mapping) and name != "enabled_backends":
            sections.setdefault(name, {}).update(value)
        else:
            sections["DEFAULT"][name] = value
    stores = sections["DEFAULT"]["enabled_backends"]
    if isinstance(stores, Mapping):
        sections["glance_store"].setdefault("default_backend", next(iter(stores)))
        for name, kind in stores.items():
            place = {"filesystem_store_datadir": directory / name} if kind == "file" else {}
            sections[name] = {**place, **sections.get(name, {})}
    file = directory / "glance-shim.conf"
    file.write_text("\n".join(_section(name, values) for name, values in sections.items()))
    return file


def _section(name: str, values: Mapping[str, Any]) -> str:
    lines = [f"{option} = {_text(value)}" for option, value in values.items()]
    return "\n".join([f"[{name}]", *lines, ""])


def _text(value: Any) -> str:
    """A value as it is written in a file with options."""
    if isinstance(value, Mapping):
        return ",".join(f"{key}:{each}" for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return str(value).replace("$", "$$")


def _fill(built: Deployment, file: Path) -> tuple[Account, ...]:
    """Give a new deployment its database, with people; the first is copied for the others."""
    if not _first:
        schema.upgrade(built.database)
        with connection.connected(built.database):
            accounts = tuple(
                _account(built, person.name, person.project, person.role) for person in PEOPLE
            )
        # Once nobody has it open, the file is all there is.
        built.database.close_all()
        _first.append((file.read_bytes(), accounts))
    content, accounts = _first[0]
    file.write_bytes(content)
    return accounts


_first: list[tuple[bytes, tuple[Account, ...]]] = []


def _account(built: Deployment, cloud: str, project: str, role: str) -> Account:
    context = system_context(built)
    found = projects.find_by_name(context, project) or projects.create(context, project)
    user = users.create(context, cloud, None, default_project_id=found.id)
    password, kept = _password()
    user_rows.set_password_hash(user.id, kept, was=None)
    roles.grant(context, user.id, role, ("project", found.id))
    return Account(cloud, cloud, user.id, password, project, found.id, role)


@functools.cache
def _password() -> tuple[str, str]:
    """The password of everybody and its hash; making one for each would take its time."""
    password = passwords.generated()
    return password, passwords.hashed(password)
