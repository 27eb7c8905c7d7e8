"""The one domain."""

from __future__ import annotations

import types
from typing import Any

from flask.views import MethodView

from glance_shim import errors
from glance_shim.api import smorest
from glance_shim.api.schemas.identity.answers import DomainBodySchema, DomainsSchema
from glance_shim.api.schemas.identity.requests import ListQuery
from glance_shim.core import identity

blp = smorest.Blueprint(
    "identity_domains",
    __name__,
    url_prefix="/identity/v3/domains",
    description="Identity: domains",
)

DOMAIN = types.SimpleNamespace(id=identity.DOMAIN_ID, name=identity.DOMAIN_NAME)


@blp.route("")
class Domains(MethodView):
    @blp.arguments(ListQuery, location="query")
    @blp.response(200, DomainsSchema)
    def get(self, query: dict[str, Any]) -> Any:
        """List the domains."""
        return {"domains": [DOMAIN] if identity.is_the_domain(name=query.get("name")) else []}


@blp.route("/<domain_id>")
class Domain(MethodView):
    @blp.response(200, DomainBodySchema)
    def get(self, domain_id: str) -> Any:
        """Show the domain."""
        if not identity.is_the_domain(domain_id):
            raise errors.NotFound(what=f"Domain {domain_id}")
        return {"domain": DOMAIN}
