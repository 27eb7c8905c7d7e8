"""Application credentials of a user."""

from __future__ import annotations

import types
from typing import Any

import flask
from flask.views import MethodView

from glance_shim.api import smorest
from glance_shim.api.authentication import current_context
from glance_shim.api.schemas.identity.answers import (
    CreatedCredentialBodySchema,
    CredentialBodySchema,
    CredentialsSchema,
)
from glance_shim.api.schemas.identity.requests import CredentialRequestSchema, ListQuery
from glance_shim.core.identity import application_credentials

blp = smorest.Blueprint(
    "identity_application_credentials",
    __name__,
    url_prefix="/identity/v3/users/<user_id>/application_credentials",
    description="Identity: application credentials",
)


@blp.route("")
class Credentials(MethodView):
    @blp.arguments(ListQuery, location="query")
    @blp.response(200, CredentialsSchema)
    def get(self, query: dict[str, Any], user_id: str) -> Any:
        """List a user's application credentials."""
        found = application_credentials.get_all(current_context(), user_id, query.get("name"))
        return {"application_credentials": found}

    @blp.arguments(CredentialRequestSchema)
    @blp.response(201, CreatedCredentialBodySchema)
    def post(self, body: dict[str, Any], user_id: str) -> Any:
        """Make an application credential for the project of one's token."""
        wanted = {
            key: value
            for key, value in body["application_credential"].items()
            if value is not None and key != "access_rules"
        }
        if "roles" in wanted:
            wanted["roles"] = [role.get("id") or role["name"] for role in wanted["roles"]]
        context = current_context()
        credential, secret = application_credentials.create(
            context, user_id, context.project_id, **wanted
        )
        shown = types.SimpleNamespace(**credential._asdict(), secret=secret)
        return {"application_credential": shown}


@blp.route("/<credential_id>")
class Credential(MethodView):
    @blp.response(200, CredentialBodySchema)
    def get(self, user_id: str, credential_id: str) -> Any:
        """Show an application credential."""
        found = application_credentials.get(current_context(), user_id, credential_id)
        return {"application_credential": found}

    @blp.response(204)
    def delete(self, user_id: str, credential_id: str) -> flask.Response:
        """Delete an application credential; the tokens that it got end."""
        application_credentials.delete(current_context(), user_id, credential_id)
        return flask.Response(status=204)
