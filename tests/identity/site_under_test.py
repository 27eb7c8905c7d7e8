"""A service with an embedded identity, and the users in it, for the fixtures."""

from __future__ import annotations

import dataclasses
from typing import Any

import flask

from glance_shim.api import authentication
from glance_shim.app import create_app
from glance_shim.context import Deployment
from glance_shim.core.identity import (
    application_credentials,
    projects,
    roles,
    system_context,
    tokens,
    users,
)
from glance_shim.db import connection

TOKENS = "/identity/v3/auth/tokens"


def build_app(deployment: Deployment) -> flask.Flask:
    """The application of the deployment, and a route that says who asks."""
    app = create_app(deployment)
    app.add_url_rule("/v2/whoami", "whoami", whoami, methods=["GET", "HEAD", "POST"])
    return app


def whoami() -> dict[str, Any]:
    """What the rest of the program is told about the caller."""
    context = authentication.current_context()
    return {
        "user_id": context.user_id,
        "user_name": context.user_name,
        "project_id": context.project_id,
        "project_name": context.project_name,
        "scope": context.scope,
        "domain_id": context.domain_id,
        "roles": sorted(context.roles),
        "service_roles": sorted(context.service_roles),
        "request_id": context.request_id,
    }


@dataclasses.dataclass
class User:
    """Somebody with a password and, usually, a token for the default project."""

    site: Site
    id: str
    name: str
    password: str
    project_id: str | None
    token: str | None = None

    def request(self, method: str, path: str, **kwargs: Any) -> Any:
        headers = {"X-Auth-Token": self.token, **kwargs.pop("headers", {})}
        return self.site.client.open(path, method=method, headers=headers, **kwargs)

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.request("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> Any:
        return self.request("POST", path, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> Any:
        return self.request("DELETE", path, **kwargs)

    def log_in(self, scope: Any = None, **kwargs: Any) -> Any:
        """POST the password."""
        proof = {"user": {"id": self.id, "password": self.password}}
        return self.site.log_in({"methods": ["password"], "password": proof}, scope, **kwargs)


class Site:
    """One deployment with its application and its people."""

    def __init__(self, deployment: Deployment, app: flask.Flask) -> None:
        self.deployment = deployment
        self.app = app
        self.client = app.test_client()
        self.context = system_context(deployment)

    def connected(self) -> Any:
        return connection.connected(self.deployment.database)

    def project(self, name: str) -> str:
        """The id of the project of that name, which is made if need be."""
        with self.connected():
            found = projects.find_by_name(self.context, name)
            return (found or projects.create(self.context, name)).id

    def user(self, name: str, project: str | None = None, *granted: str) -> User:
        """A new user with these roles in a project, and a token for it."""
        project_id = self.project(project) if project else None
        password = f"correct {name} battery"
        with self.connected():
            row = users.create(self.context, name, password, project_id)
            for role in granted:
                roles.grant(self.context, row.id, role, ("project", project_id or ""))
        user = User(self, row.id, name, password, project_id)
        user.token = self.token(user, project_id if granted else None)
        return user

    def token(self, user: User, project_id: str | None = None, **kwargs: Any) -> str:
        with self.connected():
            text, _ = tokens.issue(
                self.deployment, user_id=user.id, project_id=project_id, **kwargs
            )
        return text

    def credential(self, user: User, name: str = "robot", **kwargs: Any) -> tuple[Any, str]:
        """An application credential of the user, and its secret."""
        with self.connected():
            return application_credentials.create(
                self.context, user.id, user.project_id, name, **kwargs
            )

    def log_in(self, proof: Any, scope: Any = None, **kwargs: Any) -> Any:
        auth = {"identity": proof, **({"scope": scope} if scope is not None else {})}
        return self.client.post(TOKENS, json={"auth": auth}, **kwargs)

    def status(self, token: str | None, **headers: str) -> int:
        """The status of a request with that token."""
        sent = {**({"X-Auth-Token": token} if token is not None else {}), **headers}
        return self.client.get("/v2/whoami", headers=sent).status_code

    def whoami(self, token: str | None = None, **headers: str) -> Any:
        """What a request with that token is told about itself."""
        sent = {**({"X-Auth-Token": token} if token is not None else {}), **headers}
        response = self.client.get("/v2/whoami", headers=sent)
        assert response.status_code == 200, response.text
        return response.json
