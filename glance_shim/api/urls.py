"""The address under which clients know this service, and the hosts that it may have."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable
from typing import Any

import werkzeug

from glance_shim.api import at_hand

# A name or an address, and a port; nothing that means something in a link, a page or a header.
HOST = re.compile(r"([a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.ASCII | re.IGNORECASE)


def public_base(config: Any, request: werkzeug.Request) -> str:
    """The root of the service without a trailing slash.

    It is ``public_endpoint`` where that is set, else what the request says.
    """
    if config.public_endpoint:
        return str(config.public_endpoint).rstrip("/")
    root = urllib.parse.quote(request.root_path.rstrip("/"))
    return f"{request.scheme}://{host_of(request)}{root}"


def host_of(request: werkzeug.Request) -> str:
    """The host that a request was sent to, with the port unless that is the usual one.

    Werkzeug takes a name with an underscore for none, as containers have.
    """
    host = request.environ.get("HTTP_HOST")
    usual = {"http": ":80", "https": ":443"}.get(request.scheme, "")
    return str(host).removesuffix(usual) if host else request.host


def of(path: str) -> str:
    """The whole URL of a path of this service."""
    return public_base(at_hand.deployment().config, at_hand.request()) + path


def serves_host(config: Any) -> Callable[[str], bool]:
    """A function that says of a header ``Host`` whether it may stand in links.

    Without ``allowed_hosts`` that is every name and address.
    """
    names = {name.lower() for name in config.allowed_hosts}
    if names and config.public_endpoint:
        names.add(urllib.parse.urlsplit(config.public_endpoint).hostname or "")

    def serves(host: str) -> bool:
        found = HOST.fullmatch(host)
        return found is not None and (not names or found[1].strip("[]").lower() in names)

    return serves
