"""Roles, and who has which where."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from glance_shim.api import smorest
from glance_shim.api.authentication import current_context
from glance_shim.api.schemas.identity.answers import (
    AssignmentsSchema,
    RoleBodySchema,
    RolesSchema,
)
from glance_shim.api.schemas.identity.requests import AssignmentsQuery, ListQuery
from glance_shim.api.schemas.identity.wire import identity_url
from glance_shim.core import identity
from glance_shim.core.identity import roles

blp = smorest.Blueprint(
    "identity_roles", __name__, url_prefix="/identity/v3", description="Identity: roles"
)

DOMAIN_REF = {"id": identity.DOMAIN_ID, "name": identity.DOMAIN_NAME}


@blp.route("/roles")
class Roles(MethodView):
    @blp.arguments(ListQuery, location="query")
    @blp.response(200, RolesSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List the roles."""
        return {"roles": roles.get_all(query.get("name"))}


@blp.route("/roles/<role_id>")
class Role(MethodView):
    @blp.response(200, RoleBodySchema)
    def get(self, role_id: str) -> Any:
        """Show a role."""
        return {"role": roles.get_by_id(role_id)}


@blp.route("/role_assignments")
class Assignments(MethodView):
    @blp.arguments(AssignmentsQuery, location="query")
    @blp.response(200, AssignmentsSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List who has which role where."""
        names = query.get("include_names", "false").lower() not in ("0", "false")
        role = roles.BY_ID.get(query["role_id"]) if "role_id" in query else None
        found = roles.get_assignments(
            current_context(),
            user_id=query.get("user_id"),
            scope=_scope(query),
            role=role.name if role else query.get("role_id"),
        )
        if "group_id" in query:
            found = []
        return {"role_assignments": [_assignment(row, names) for row in found]}


def _scope(query: dict[str, Any]) -> tuple[str | None, str | None]:
    """The scope that is asked for, if any."""
    if "project_id" in query:
        return "project", query["project_id"]
    if "scope_domain_id" in query:
        return "domain", query["scope_domain_id"]
    return ("system" if "system" in query else None), None


def _assignment(row: roles.AssignmentRow, names: bool) -> dict[str, Any]:
    role = roles.get(row.role)
    path = ASSIGNMENT_PATHS[row.scope].format(row)
    return {
        "role": {"id": role.id} | ({"name": role.name} if names else {}),
        "user": {"id": row.user_id}
        | ({"name": row.user_name, "domain": DOMAIN_REF} if names else {}),
        "scope": {row.scope: SCOPES[row.scope](row, names)},
        "links": {"assignment": identity_url(f"{path}/users/{row.user_id}/roles/{role.id}")},
    }


def _project(row: roles.AssignmentRow, names: bool) -> dict[str, Any]:
    known = {"name": row.project_name, "domain": DOMAIN_REF} if names else {}
    return {"id": row.scope_id, **known}


SCOPES = {
    "project": _project,
    "domain": lambda row, names: DOMAIN_REF if names else {"id": row.scope_id},
    "system": lambda row, names: {"all": True},
}
ASSIGNMENT_PATHS = {
    "project": "projects/{0.scope_id}",
    "domain": "domains/{0.scope_id}",
    "system": "system",
}
