"""The Flask application: hooks, errors and blueprints, in order."""

from __future__ import annotations

from typing import Any

import flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import MapAdapter

from glance_shim import dashboard, docs
from glance_shim.api import (
    at_hand,
    auditing,
    authentication,
    blueprints,
    cors,
    metrics,
    rates,
    request_ids,
    responses,
    smorest,
    text,
    versions,
)
from glance_shim.api import errors as api_errors
from glance_shim.context import Deployment
from glance_shim.core import checks
from glance_shim.db import connection


class Application(flask.Flask):
    url_rule_class = smorest.ExactRule

    def ensure_sync(self, func: Any) -> Any:
        """The function as it is: none here is a coroutine.

        To find that out, some 15 times, takes a tenth of the time of a small request.
        """
        return func

    def create_url_adapter(self, request: flask.Request | None) -> MapAdapter | None:
        """What finds the route of a request, by its path alone.

        Flask's also looks at subdomains, and encodes the host anew: 15 of the 242 µs that to
        show an image took. Which hosts there are is for `versions.VersionNegotiation` to say.
        """
        if request is None:
            # Without one Flask looks for a SERVER_NAME, which nobody sets here.
            return None
        return MapAdapter(
            self.url_map,
            server_name=request.host,
            script_name=request.root_path,
            subdomain="",
            url_scheme=request.scheme,
            path_info=request.path,
            default_method=request.method,
            query_args=request.query_string.decode(errors="replace"),
        )


def create_app(deployment: Deployment) -> flask.Flask:
    """A WSGI application that serves ``deployment``."""
    app = Application("glance_shim", static_folder=None)
    app.config.update(
        deployment=deployment,
        readiness=checks.Readiness(deployment),
        API_TITLE="Image service",
        API_VERSION="v2",
        OPENAPI_VERSION="3.0.3",
        PROVIDE_AUTOMATIC_OPTIONS=False,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.url_map.merge_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]
    _add_hooks(app, deployment)
    api_errors.register(app)
    api = smorest.Api(app)
    for blueprint in blueprints.served(deployment):
        api.register_blueprint(blueprint)
    dashboard.register(app, deployment)
    docs.register(app)
    app.wsgi_app = _wrapped(app.wsgi_app, deployment)  # type: ignore[method-assign]
    return app


def _add_hooks(app: flask.Flask, deployment: Deployment) -> None:
    """The order matters: preflights and files need no database, everything else does."""
    metrics.register(app, deployment)
    app.before_request(cors.answer_options)
    app.before_request(request_ids.accept)

    def connect() -> None:
        # A health check says itself that the database is not there.
        if (at_hand.request().endpoint or "").startswith(("dashboard.static", "health.")):
            return
        at_hand.g().connection = connection.begin(deployment.database)

    def disconnect(_: Any) -> None:
        token = at_hand.g().pop("connection", None)
        if token is not None:
            connection.end(deployment.database, token)

    if deployment.config.rate_limit.address_rate:
        app.before_request(rates.of_addresses(deployment))
    app.before_request(connect)
    app.before_request(authentication.authenticate)
    if deployment.config.rate_limit.project_rate:
        app.before_request(rates.of_projects(deployment))
    app.before_request(text.refuse_nul)
    app.teardown_request(disconnect)
    app.after_request(auditing.note)
    app.after_request(responses.without_content)
    app.after_request(request_ids.stamp)
    if deployment.config.cors.allowed_origin:
        app.after_request(cors.stamp)


def _wrapped(wsgi_app: Any, deployment: Deployment) -> Any:
    config = deployment.config
    wsgi_app = versions.VersionNegotiation(wsgi_app, deployment)
    if config.mount_path:
        wsgi_app = DispatcherMiddleware(versions.not_here, {config.mount_path: wsgi_app})
    if config.oslo_middleware.enable_proxy_headers_parsing:
        wsgi_app = ProxyFix(wsgi_app, x_for=1, x_proto=1, x_host=1, x_port=1, x_prefix=1)
    return wsgi_app
