"""Is the service up, and can it do its work? Anyone may ask."""

from __future__ import annotations

from pathlib import Path

import flask

from glance_shim.api import at_hand, responses, smorest

blp = smorest.Blueprint("health", __name__, description="Health")

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]


@blp.route("/healthcheck", methods=METHODS)
@blp.route("/healthcheck/", methods=METHODS)
@blp.route("/healthcheck/<path:below>", methods=METHODS)
@blp.doc(security=[])
def healthcheck(below: str = "") -> flask.Response:
    """200 and ``OK`` if the service is ready to work, else 503.

    It is not while the file ``disable_by_file_path`` exists, and while the
    database, the default store or staging cannot be used, disks that are full
    and a database of an older or newer program included. ``/healthcheck/alive``
    is ``OK`` as long as this process answers at all.
    """
    if below == "alive":
        return _answer(["OK"])
    config = at_hand.deployment().config.healthcheck
    path = config.disable_by_file_path
    if path and Path(path).exists():
        return _answer(["DISABLED BY FILE"], ready=False)
    missing = at_hand.app().config["readiness"].missing()
    if not missing:
        return _answer(["OK"])
    named = [f"NOT READY: {name}" for name in missing]
    return _answer(named if config.detailed else ["NOT READY"], ready=False)


def _answer(reasons: list[str], ready: bool = True) -> flask.Response:
    request = at_hand.request()
    status = 200 if ready else 503
    if request.method == "HEAD":
        return flask.Response(status=204 if ready else 503)
    kind = request.accept_mimetypes.best_match(
        ["text/plain", "application/json", "text/html"], "text/plain"
    )
    if kind == "application/json":
        detailed = at_hand.deployment().config.healthcheck.detailed
        return responses.as_json({"detailed": detailed, "reasons": reasons}, status)
    text = "; ".join(reasons)
    if kind == "text/html":
        page = f"<!DOCTYPE html><title>{text}</title><p>{text}</p>"
        return flask.Response(page, status, mimetype="text/html")
    return flask.Response(text, status, mimetype="text/plain")
