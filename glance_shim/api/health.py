"""Is the service up? Anyone may ask."""

from __future__ import annotations

from pathlib import Path

import flask

from glance_shim.api import responses, smorest

blp = smorest.Blueprint("health", __name__, description="Health")

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]


@blp.route("/healthcheck", methods=METHODS)
@blp.route("/healthcheck/", methods=METHODS)
@blp.route("/healthcheck/<path:below>", methods=METHODS)
@blp.doc(security=[])
def healthcheck(below: str = "") -> flask.Response:
    """200 and ``OK``, or 503 while the file ``disable_by_file_path`` exists."""
    path = flask.current_app.config["deployment"].config.healthcheck.disable_by_file_path
    disabled = bool(path) and Path(path).exists()
    reason = "DISABLED BY FILE" if disabled else "OK"
    status = 503 if disabled else 200
    if flask.request.method == "HEAD":
        return flask.Response(status=503 if disabled else 204)
    kind = flask.request.accept_mimetypes.best_match(
        ["text/plain", "application/json", "text/html"], "text/plain"
    )
    if kind == "application/json":
        return responses.as_json({"detailed": False, "reasons": [reason]}, status)
    if kind == "text/html":
        page = f"<!DOCTYPE html><title>{reason}</title><p>{reason}</p>"
        return flask.Response(page, status, mimetype="text/html")
    return flask.Response(reason, status, mimetype="text/plain")
