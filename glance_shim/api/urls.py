"""The address under which clients know this service."""

from __future__ import annotations

from typing import Any

import werkzeug


def public_base(config: Any, request: werkzeug.Request) -> str:
    """The root of the service without a trailing slash.

    It is ``public_endpoint`` where that is set, else what the request says.
    """
    if config.public_endpoint:
        return str(config.public_endpoint).rstrip("/")
    return request.root_url.rstrip("/")
