"""A service to test, and the people who use it, for the fixtures of ``conftest.py``."""

from __future__ import annotations

import itertools
import json
import uuid
from pathlib import Path
from typing import Any

import databases
import flask

from glance_shim import config, deployment
from glance_shim.app import create_app
from glance_shim.core import task_types
from glance_shim.core.identity import projects, system_context, tokens, users
from glance_shim.core.identity import roles as known_roles
from glance_shim.db import connection, schema
from glance_shim.db.models.marks import ServiceId
from glance_shim.stores import marks

V21 = "application/openstack-images-v2.1-json-patch"
V20 = "application/openstack-images-v2.0-json-patch"
OCTETS = "application/octet-stream"
AUTH_SECTIONS = frozenset({"keystone_authtoken", "oslo_limit"})


class Person:
    """Somebody with a token: a test client that sends it.

    ``roles`` are given in the project; a path is taken as it is.
    """

    def __init__(self, app: flask.Flask, token: str | None, project_id: str | None) -> None:
        self._client = app.test_client()
        self.token = token
        self.project_id = project_id

    def request(self, method: str, path: str, **kwargs: Any) -> Any:
        headers = dict(kwargs.pop("headers", None) or {})
        if self.token:
            headers.setdefault("X-Auth-Token", self.token)
        return self._client.open(path, method=method, headers=headers, **kwargs)

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.request("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> Any:
        return self.request("POST", path, **kwargs)

    def put(self, path: str, **kwargs: Any) -> Any:
        return self.request("PUT", path, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> Any:
        return self.request("DELETE", path, **kwargs)

    def patch(self, image_id: str, *operations: Any, content_type: str = V21) -> Any:
        """PATCH an image; each operation as in the body."""
        return self.request(
            "PATCH",
            f"/v2/images/{image_id}",
            data=json.dumps(list(operations)),
            content_type=content_type,
        )

    def set(self, image_id: str, **values: Any) -> Any:
        """PATCH that replaces base properties by name."""
        return self.patch(
            image_id,
            *({"op": "replace", "path": f"/{name}", "value": v} for name, v in values.items()),
        )

    def create(self, **values: Any) -> dict[str, Any]:
        """Create an image (raw and bare unless said) and return it."""
        document = {"disk_format": "raw", "container_format": "bare", **values}
        response = self.post("/v2/images", json=document)
        assert response.status_code == 201, response.text
        return response.json

    def upload(self, image_id: str, data: bytes = b"0123456789", **headers: str) -> Any:
        """PUT data."""
        return self.put(
            f"/v2/images/{image_id}/file", data=data, content_type=OCTETS, headers=headers
        )

    def stage(self, image_id: str, data: bytes = b"0123456789", **headers: str) -> Any:
        """PUT data that waits to be imported."""
        return self.put(
            f"/v2/images/{image_id}/stage", data=data, content_type=OCTETS, headers=headers
        )

    def import_(self, image_id: str, method: Any = "glance-direct", **body: Any) -> Any:
        """POST an import; ``method`` is its name, or the whole object."""
        given = {"name": method} if isinstance(method, str) else method
        document = {"method": given, **body}
        return self.post(f"/v2/images/{image_id}/import", json=document)

    def active(self, data: bytes = b"0123456789", **values: Any) -> dict[str, Any]:
        """Create an image with data and return it."""
        image = self.create(**values)
        assert self.upload(image["id"], data).status_code == 204
        return self.show(image["id"])

    def show(self, image_id: str) -> dict[str, Any]:
        response = self.get(f"/v2/images/{image_id}")
        assert response.status_code == 200, response.text
        return response.json

    def share(self, image_id: str, *members: str) -> None:
        """Offer a shared image to projects."""
        for member in members:
            response = self.post(f"/v2/images/{image_id}/members", json={"member": member})
            assert response.status_code == 200, response.text

    def answer(self, image_id: str, status: str) -> None:
        """Accept or reject an offer made to this person's project."""
        path = f"/v2/images/{image_id}/members/{self.project_id}"
        response = self.put(path, json={"status": status})
        assert response.status_code == 200, response.text

    def ids(self, query: str = "") -> list[str]:
        """The ids of a list, all pages."""
        found, path = [], f"/v2/images{query}"
        while path:
            response = self.get(path)
            assert response.status_code == 200, response.text
            found += [image["id"] for image in response.json["images"]]
            path = response.json.get("next")
        return found


class Service:
    """One deployment with its application."""

    def __init__(self, directory: Path, options: dict[str, dict[str, Any]]) -> None:
        self.directory = directory
        sections = {section: dict(values) for section, values in options.items()}
        sections.setdefault("DEFAULT", {}).setdefault("state_path", str(directory))
        database = sections.setdefault("database", {})
        # Many services share one server in tests, and its connections.
        database.setdefault("max_pool_size", 20)
        if "connection" not in database:
            database["connection"] = databases.new(directory)
        self.database_url = database["connection"]
        stores = sections["DEFAULT"].get("enabled_backends", {})
        for name in stores:
            section = sections.setdefault(name, {})
            if stores[name] == "file":
                section.setdefault("filesystem_store_datadir", str(directory / name))
        sections.setdefault("glance_store", {}).setdefault(
            "filesystem_store_datadir", str(directory / "images")
        )
        if stores:
            sections["glance_store"].setdefault("default_backend", next(iter(stores)))
        # What a plugin's options are is known only once its section is read.
        files = [
            _written(directory, name, sections.pop(name))
            for name in AUTH_SECTIONS & sections.keys()
        ]
        self.deployment = deployment.build(config.load(files, sections))
        schema.upgrade(self.deployment.database)
        self.app = create_app(self.deployment)
        self.app.testing = False
        self._names = itertools.count()

    def close(self) -> None:
        """Give its database back."""
        self.deployment.database.close_all()
        databases.drop(self.database_url)

    def reset(self) -> None:
        """Forget everything that was stored, but not whose the directories are."""
        with connection.connected(self.deployment.database), connection.writing():
            databases.clear(self.deployment.database, kept={ServiceId})
        for path in (*self.blobs(), *self.staged()):
            path.unlink()

    def project(self, name: str) -> str:
        """The id of the project of this name, which is made if need be."""
        context = system_context(self.deployment)
        with connection.connected(self.deployment.database):
            found = projects.find_by_name(context, name)
            return (found or projects.create(context, name=name)).id

    def person(self, project: str, *roles: str) -> Person:
        """Somebody new with these roles in the project."""
        context = system_context(self.deployment)
        project_id = self.project(project)
        with connection.connected(self.deployment.database):
            user = users.create(context, name=f"user{next(self._names)}", password=None)
            for role in roles:
                known_roles.grant(context, user.id, role, ("project", project_id))
            text, _ = tokens.issue(self.deployment, user_id=user.id, project_id=project_id)
        return Person(self.app, text, project_id)

    def nobody(self) -> Person:
        """Somebody without a token."""
        return Person(self.app, None, None)

    def work(self) -> None:
        """Do every task that is queued."""
        with connection.connected(self.deployment.database):
            while task_types.run_next(self.deployment):
                pass

    def staged(self) -> list[Path]:
        """Every file that waits to be imported, partial ones too."""
        root = getattr(self.deployment.stores.staging, "root", None)
        found = Path(root).rglob("*") if root else ()
        return sorted(path for path in found if path.is_file() and path.name != marks.NAME)

    def blobs(self) -> list[Path]:
        """Every file in any store, partial ones too."""
        return sorted(
            path
            for store in self.deployment.stores.values()
            if store.type == "file"
            for path in Path(store.properties()["data_dir"]).rglob("*")
            if not path.is_dir() and path.name != marks.NAME
        )


def _written(directory: Path, section: str, values: dict[str, Any]) -> str:
    file = directory / f"{section}.conf"
    lines = "".join(f"{name} = {value}\n" for name, value in values.items())
    file.write_text(f"[{section}]\n{lines}")
    return str(file)


def some_id() -> str:
    """An id that no image has."""
    return str(uuid.uuid4())
