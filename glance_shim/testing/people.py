"""The people of a service under test, and what they make."""

from __future__ import annotations

import functools
import http.client
import itertools
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from glance_shim import errors
from glance_shim.core.identity import tokens
from glance_shim.db import connection

if TYPE_CHECKING:
    from glance_shim.testing.service import Service

PATIENCE = 60
OCTETS = "application/octet-stream"
UPDATE = "application/openstack-images-v2.1-json-patch"

_numbers = itertools.count(1)


class Account(NamedTuple):
    """A user in a project; ``cloud`` is its name in ``clouds.yaml``."""

    cloud: str
    user: str
    user_id: str
    password: str
    project: str
    project_id: str
    role: str


class Answer(NamedTuple):
    """What a request was answered with."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class Refused(Exception):
    """The service did not do what a test had asked for; ``answer`` is what it said."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}: {answer.body.decode(errors='replace')}")
        self.answer = answer


class Person:
    """Somebody who has a role in a project, with a token and ready-made connections."""

    def __init__(self, service: Service, account: Account) -> None:
        self._service = service
        self._token = ""
        self.account = account
        self.cloud = account.cloud
        self.user_id = account.user_id
        self.project_id = account.project_id

    @functools.cached_property
    def connection(self) -> Any:
        """A ``Connection`` of openstacksdk; raises ``ImportError`` where that is missing."""
        from openstack import config
        from openstack.connection import Connection

        files = [str(self._service.clouds_yaml)]
        clouds = config.OpenStackConfig(config_files=files, load_envvars=False)
        return Connection(config=clouds.get_one(cloud=self.cloud))

    @property
    def token(self) -> str:
        """A token that is valid now; the same until it is no longer."""
        deployment = self._service.deployment
        with connection.connected(deployment.database):
            try:
                tokens.validate(self._token)
            except errors.Unauthorized:
                self._token, _ = tokens.issue(
                    deployment, user_id=self.user_id, project_id=self.project_id
                )
        return self._token

    def request(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
    ) -> Answer:
        """What a request is answered with, whatever it is.

        ``document`` is sent as JSON, ``data`` as it is. Without another
        ``token`` it is this person's.
        """
        sent = {"X-Auth-Token": self.token if token is None else token}
        if document is not None:
            data = json.dumps(document).encode()
            sent["Content-Type"] = "application/json"
        elif data is not None:
            sent["Content-Type"] = OCTETS
        wire = http.client.HTTPConnection("127.0.0.1", self._service.port, timeout=PATIENCE)
        try:
            wire.request(method, path, data, {**sent, **(headers or {})})
            response = wire.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            wire.close()

    def create_image(
        self,
        name: str | None = None,
        data: bytes | None = b"image data",
        *,
        status: str = "active",
        members: Iterable[str] = (),
        member_status: str = "pending",
        **properties: Any,
    ) -> dict[str, Any]:
        """Create an image, and return it as the service shows it.

        It is ``active`` with ``data``, or ``queued`` or ``deactivated``.
        ``members`` are offered it: clouds, which then answer
        ``member_status``, or ids of projects. ``properties`` are those of the
        API. Raises `Refused` where the service refuses any of it.
        """
        document = {
            "name": name or f"image-{next(_numbers)}",
            "disk_format": "raw",
            "container_format": "bare",
            **properties,
        }
        image_id = str(self._done("POST", "/v2/images", document).json()["id"])
        path = f"/v2/images/{image_id}"
        if data is not None and status != "queued":
            self._done("PUT", f"{path}/file", data=data)
        if status == "deactivated":
            self._done("POST", f"{path}/actions/deactivate")
        for member in members:
            self.share(image_id, member, member_status)
        shown: dict[str, Any] = self._done("GET", path).json()
        return shown

    def share(self, image_id: str, member: str, status: str = "pending") -> None:
        """Offer an image to a cloud's project, which answers, or to a project by its id."""
        known = self._service.people.get(member)
        project_id = known.project_id if known else member
        self._done("POST", f"/v2/images/{image_id}/members", {"member": project_id})
        if known and status != "pending":
            known.answer(image_id, status)

    def answer(self, image_id: str, status: str = "accepted") -> None:
        """Answer an offer that was made to this person's project."""
        path = f"/v2/images/{image_id}/members/{self.project_id}"
        self._done("PUT", path, {"status": status})

    def update_image(self, image_id: str, **properties: Any) -> dict[str, Any]:
        """Set properties of an image, and return it."""
        changes = [
            {"op": "add", "path": f"/{name}", "value": value}
            for name, value in properties.items()
        ]
        body = json.dumps(changes).encode()
        headers = {"Content-Type": UPDATE}
        path = f"/v2/images/{image_id}"
        shown: dict[str, Any] = self._done("PATCH", path, data=body, headers=headers).json()
        return shown

    def _done(self, method: str, path: str, document: Any = None, **how: Any) -> Answer:
        answer = self.request(method, path, document, **how)
        if answer.status >= 400:
            raise Refused(answer)
        return answer

    def close(self) -> None:
        """Close the connection if there is one."""
        made = self.__dict__.pop("connection", None)
        if made is not None:
            made.close()
