"""Tokens, and what a token is good for."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView

from glance_shim.api import at_hand, smorest, urls
from glance_shim.api.authentication import challenging, current_context
from glance_shim.api.schemas.identity.answers import (
    CatalogSchema,
    ProjectsSchema,
    TokenBodySchema,
)
from glance_shim.api.schemas.identity.requests import (
    AuthRequestSchema,
    SubjectHeader,
    TokenQuery,
)
from glance_shim.core.identity import catalog, logins, projects, tokens

blp = smorest.Blueprint(
    "identity_auth", __name__, url_prefix="/identity/v3/auth", description="Identity: tokens"
)

SUBJECT = "X-Subject-Token"


@blp.route("/tokens")
class Tokens(MethodView):
    @blp.arguments(AuthRequestSchema)
    @blp.arguments(TokenQuery, location="query")
    @blp.response(201, TokenBodySchema)
    @blp.doc(security=[])
    def post(self, body: dict[str, Any], query: dict[str, Any]) -> Any:
        """Log in; the token comes in X-Subject-Token."""
        auth = body["auth"]
        with challenging():
            text, token = logins.log_in(
                current_context(),
                auth["identity"],
                auth.get("scope"),
                at_hand.request().remote_addr,
            )
        return (token, _catalog(query)), 201, {SUBJECT: text}

    @blp.arguments(TokenQuery, location="query")
    @blp.arguments(SubjectHeader, location="headers")
    @blp.response(200, TokenBodySchema)
    def get(self, query: dict[str, Any], headers: dict[str, str]) -> Any:
        """Show what the token in X-Subject-Token says."""
        text = headers["subject"]
        expired = query.get("allow_expired", "0").lower() in ("1", "true")
        token = tokens.inspect(current_context(), text, allow_expired=expired)
        return (token, _catalog(query)), 200, {SUBJECT: text}

    @blp.arguments(SubjectHeader, location="headers")
    @blp.response(200)
    def head(self, headers: dict[str, str]) -> flask.Response:
        """Is the token in X-Subject-Token valid?"""
        text = headers["subject"]
        tokens.inspect(current_context(), text)
        return flask.Response(status=200, headers={SUBJECT: text})

    @blp.arguments(SubjectHeader, location="headers")
    @blp.response(204)
    def delete(self, headers: dict[str, str]) -> flask.Response:
        """Revoke the token in X-Subject-Token, and those made from it."""
        tokens.revoke_for(current_context(), headers["subject"])
        return flask.Response(status=204)


@blp.route("/projects")
class Projects(MethodView):
    @blp.response(200, ProjectsSchema)
    def get(self) -> Any:
        """List the projects a token can be had for."""
        return {"projects": projects.get_own(current_context())}


@blp.route("/catalog")
class Catalog(MethodView):
    @blp.response(200, CatalogSchema)
    def get(self) -> Any:
        """Show under which addresses the services are."""
        return {"catalog": _catalog({})}


def _catalog(query: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The catalog, unless the client says that it does not want it."""
    if "nocatalog" in query:
        return None
    config = at_hand.deployment().config
    return catalog.services(urls.public_base(config, at_hand.request()), config.identity.region)
