"""Projects."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from glance_shim.api import smorest
from glance_shim.api.authentication import current_context
from glance_shim.api.schemas.identity.answers import ProjectBodySchema, ProjectsSchema
from glance_shim.api.schemas.identity.requests import ListQuery
from glance_shim.core import identity
from glance_shim.core.identity import projects

blp = smorest.Blueprint(
    "identity_projects",
    __name__,
    url_prefix="/identity/v3/projects",
    description="Identity: projects",
)


@blp.route("")
class Projects(MethodView):
    @blp.arguments(ListQuery, location="query")
    @blp.response(200, ProjectsSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List projects."""
        found = projects.get_all(current_context(), query.get("name"))
        return {"projects": found if identity.is_the_domain(query.get("domain_id")) else []}


@blp.route("/<project_id>")
class Project(MethodView):
    @blp.response(200, ProjectBodySchema)
    def get(self, project_id: str) -> Any:
        """Show a project."""
        return {"project": projects.get(current_context(), project_id)}
