"""Which versions are served, and finding the version a request means.

There is one behaviour, the newest; a minor number only announces features.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import flask
import orjson
import werkzeug
from werkzeug import datastructures, http

from glance_shim.api import at_hand, responses, smorest, urls
from glance_shim.context import Deployment

blp = smorest.Blueprint("versions", __name__, description="Versions")

# Minor versions, newest first, and the feature without which they are not announced.
MINORS: tuple[tuple[str, str | None], ...] = (
    ("2.18", "cache"),
    ("2.17", None),
    ("2.16", "cache"),
    ("2.15", None),
    ("2.14", "cache"),
    ("2.13", "multi_store"),
    ("2.12", "multi_store"),
    ("2.11", "multi_store"),
    ("2.10", "multi_store"),
    ("2.9", None),
    ("2.8", "multi_store"),
    ("2.7", None),
    ("2.6", None),
    ("2.5", None),
    ("2.4", None),
    ("2.3", None),
    ("2.2", None),
    ("2.1", None),
    ("2.0", None),
)

# First segments of paths that are served beside the image API.
NEIGHBOURS = ("identity", "healthcheck", "metrics", "tenants", "docs")

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]

SLASHES = re.compile("/{2,}")

VENDOR_TYPE = re.compile(r"application/vnd\.openstack\.images-(v[\d.]+)\s*(?:[,;+]|$)")


def announced(deployment: Deployment) -> list[str]:
    """The minor versions that this deployment serves, newest first."""
    features = {
        "multi_store": deployment.stores.multi,
        "cache": bool(deployment.config.image_cache_dir),
    }
    return [minor for minor, needs in MINORS if needs is None or features[needs]]


def document(deployment: Deployment, request: werkzeug.Request) -> dict[str, Any]:
    """The body of a discovery answer."""
    href = urls.public_base(deployment.config, request) + "/v2/"
    return {
        "versions": [
            {
                "id": f"v{minor}",
                "status": "SUPPORTED" if position else "CURRENT",
                "links": [{"rel": "self", "href": href}],
            }
            for position, minor in enumerate(announced(deployment))
        ]
    }


@blp.route("/", methods=METHODS)
@blp.response(300)
def choices() -> flask.Response:
    """Say which versions there are."""
    return _discovery(300)


@blp.route("/versions", methods=METHODS)
@blp.response(200)
def versions() -> flask.Response:
    """Say which versions there are, to clients that take 300 for an error."""
    return _discovery(200)


def _discovery(status: int) -> flask.Response:
    deployment = at_hand.deployment()
    return responses.as_json(document(deployment, at_hand.request()), status)


def has_dashboard(deployment: Deployment) -> bool:
    """Are there pages for people? A fixed token is nobody who could log in."""
    config = deployment.config
    return bool(config.dashboard_enabled and config.auth_strategy != "admin_token")


def is_of_a_browser(accept: str) -> bool:
    """Does this header ``Accept`` prefer a page over everything that clients read?"""
    wanted = http.parse_accept_header(accept, datastructures.MIMEAccept)
    return bool(wanted) and wanted["text/html"] > wanted["application/json"]


class VersionNegotiation:
    """Turns the path of every request into one of a route, and refuses hosts that are none.

    Whatever the version, it is served as ``/v2``; a path that begins with no
    version is served as ``/``, and one that ends with it as ``/versions``. A
    browser that asks for ``/`` is led to the dashboard, if there is one.
    """

    def __init__(self, wsgi_app: Any, deployment: Deployment) -> None:
        self._wsgi_app = wsgi_app
        self._dashboard = has_dashboard(deployment)
        self._serves_host = urls.serves_host(deployment.config)
        self._accepted = {"v2", *(f"v{minor}" for minor in announced(deployment))}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = SLASHES.sub("/", environ.get("PATH_INFO", "") or "/")
        if not _is_utf8(path):
            return _refused(400, "The path is not UTF-8", environ, start_response)
        host = environ.get("HTTP_HOST", "")
        # Balancers ask by addresses of their own whether the service is well.
        if host and path != "/healthcheck" and not self._serves_host(host):
            message = "The Host header does not name a host of this service"
            return _refused(400, message, environ, start_response)
        environ["PATH_INFO"] = self._route(path, environ.get("HTTP_ACCEPT", ""))
        return self._wsgi_app(environ, start_response)

    def _route(self, path: str, accept: str) -> str:
        first, _, rest = path[1:].partition("/")
        if first in NEIGHBOURS or (first == "dashboard" and self._dashboard):
            return path
        if path == "/" and self._dashboard and is_of_a_browser(accept):
            return "/dashboard"
        if first == "versions" or (first in self._accepted and not rest):
            return "/versions"
        if first in self._accepted:
            return f"/v2/{rest}"
        wanted = VENDOR_TYPE.search(accept)
        return f"/v2{path}" if wanted and wanted[1] in self._accepted else "/"


def not_here(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The answer outside ``mount_path``."""
    message = "Nothing is served here; the service is mounted under a path (mount_path)"
    return _refused(404, message, environ, start_response)


def _is_utf8(path: str) -> bool:
    """WSGI hands the bytes of the path over as Latin-1."""
    try:
        path.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return False
    return True


def _refused(
    code: int, message: str, environ: dict[str, Any], start_response: Any
) -> Iterable[bytes]:
    error = {"error": {"code": code, "title": HTTPStatus(code).phrase, "message": message}}
    response = werkzeug.Response(orjson.dumps(error), code, mimetype="application/json")
    return response(environ, start_response)
