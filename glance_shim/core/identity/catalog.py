"""The catalog: under which addresses the services are."""

from __future__ import annotations

from typing import Any

from glance_shim.core import identity

INTERFACES = ("public", "internal", "admin")

# Type, name, and the path below the root of this program.
SERVICES = (
    ("image", "glance", ""),
    ("identity", "keystone", "/identity"),
)


def image_endpoint(services: list[dict[str, Any]], region: str, interface: str) -> str | None:
    """The image service of a region in a catalog, without a trailing slash and version."""
    wanted = (interface, region.lower())
    for service in services:
        for endpoint in service["endpoints"] if service["type"] == "image" else ():
            if (endpoint["interface"], endpoint["region"].lower()) == wanted:
                return str(endpoint["url"]).rstrip("/").removesuffix("/v2")
    return None


def services(base: str, region: str) -> list[dict[str, Any]]:
    """The catalog as it stands in a token; ``base`` is the root without a trailing slash.

    The image endpoint has no version: some clients add it themselves.
    """
    return [
        {
            "id": identity.fixed_id("service", kind),
            "type": kind,
            "name": name,
            "endpoints": [
                {
                    "id": identity.fixed_id("endpoint", kind, interface),
                    "interface": interface,
                    "region": region,
                    "region_id": region,
                    "url": base + path,
                }
                for interface in INTERFACES
            ],
        }
        for kind, name, path in SERVICES
    ]
