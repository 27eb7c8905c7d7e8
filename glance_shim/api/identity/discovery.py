"""Which version of the Identity API there is."""

from __future__ import annotations

from typing import Any

import flask
from flask.views import MethodView

from glance_shim.api import responses, smorest
from glance_shim.api.schemas.identity.wire import identity_url

blp = smorest.Blueprint(
    "identity_versions", __name__, url_prefix="/identity", description="Identity: versions"
)


def _version() -> dict[str, Any]:
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": identity_url("")}],
        "media-types": [
            {"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}
        ],
    }


@blp.route("", endpoint="versions")
@blp.route("/", endpoint="versions_slash")
class Versions(MethodView):
    @blp.response(300)
    @blp.doc(security=[])
    def get(self) -> flask.Response:
        """List the versions of the Identity API."""
        return responses.as_json({"versions": {"values": [_version()]}}, 300)


@blp.route("/v3", endpoint="version")
@blp.route("/v3/", endpoint="version_slash")
class Version(MethodView):
    @blp.response(200)
    @blp.doc(security=[])
    def get(self) -> flask.Response:
        """Show the one version of the Identity API."""
        return responses.as_json({"version": _version()})
