"""Users, their projects and their passwords."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView

from glance_shim.api import at_hand, smorest
from glance_shim.api.authentication import challenging, current_context
from glance_shim.api.schemas.identity.answers import (
    ProjectsSchema,
    UserBodySchema,
    UsersSchema,
)
from glance_shim.api.schemas.identity.requests import ListQuery, PasswordChangeSchema
from glance_shim.core import identity
from glance_shim.core.identity import projects, users

blp = smorest.Blueprint(
    "identity_users", __name__, url_prefix="/identity/v3/users", description="Identity: users"
)


@blp.route("")
class Users(MethodView):
    @blp.arguments(ListQuery, location="query")
    @blp.response(200, UsersSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List users."""
        found = users.get_all(current_context(), query.get("name"))
        return {"users": found if identity.is_the_domain(query.get("domain_id")) else []}


@blp.route("/<user_id>")
class User(MethodView):
    @blp.response(200, UserBodySchema)
    def get(self, user_id: str) -> Any:
        """Show a user."""
        return {"user": users.get(current_context(), user_id)}


@blp.route("/<user_id>/projects")
class UserProjects(MethodView):
    @blp.response(200, ProjectsSchema)
    def get(self, user_id: str) -> Any:
        """List the projects in which a user has a role."""
        return {"projects": projects.get_of_user(current_context(), user_id)}


@blp.route("/<user_id>/password")
class Password(MethodView):
    @blp.arguments(PasswordChangeSchema)
    @blp.response(204)
    def post(self, body: dict[str, Any], user_id: str) -> flask.Response:
        """Change one's own password; all tokens end."""
        with challenging():
            users.change_password(
                current_context(),
                user_id,
                body["user"]["original_password"],
                body["user"]["password"],
                at_hand.request().remote_addr,
            )
        return flask.Response(status=204)
