"""Answers with a JSON body, and answers with none."""

from __future__ import annotations

from typing import Any

import flask
import orjson


def as_json(
    document: Any, status: int = 200, headers: dict[str, str] | None = None
) -> flask.Response:
    """A response with ``document``; several times faster than Flask's own."""
    return flask.Response(
        orjson.dumps(document), status, headers, content_type="application/json"
    )


def without_content(response: flask.Response) -> flask.Response:
    """Take body and type from an answer that has neither.

    python-glanceclient decodes whatever says that it is JSON, also nothing.
    """
    if response.status_code == 204:
        response.set_data(b"")
        response.headers.pop("Content-Type", None)
    return response
