"""Projects as clients ask for them that believe in Identity API v2.

That is what the command line client does where it comes in without a token
and nobody told it which version to use.
"""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from glance_shim import errors
from glance_shim.api import at_hand, smorest
from glance_shim.api.authentication import current_context, is_standalone
from glance_shim.api.schemas.identity.answers import TenantBodySchema, TenantsSchema
from glance_shim.core.identity import projects

blp = smorest.Blueprint("identity_tenants", __name__, description="Identity: tenants")


@blp.before_request
def _only_standalone() -> None:
    if not is_standalone(at_hand.deployment()):
        raise errors.NotFound(what="The resource")


@blp.route("/tenants", endpoint="tenants")
@blp.route("/v2/tenants", endpoint="tenants_v2")
class Tenants(MethodView):
    @blp.response(200, TenantsSchema)
    def get(self) -> Any:
        """List the projects, for an administrator.

        To others a refusal is worth more than a list of their own: upon it the
        client takes as an id what it did not find.
        """
        return {"tenants": projects.get_all(current_context())}


@blp.route("/tenants/<project_id>", endpoint="tenant")
@blp.route("/v2/tenants/<project_id>", endpoint="tenant_v2")
class Tenant(MethodView):
    @blp.response(200, TenantBodySchema)
    def get(self, project_id: str) -> Any:
        """Show a project by its id or name."""
        return {"tenant": projects.get_own_or_any(current_context(), project_id)}
