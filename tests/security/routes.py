"""Every call there is, with a body that its route takes."""

from __future__ import annotations

import json
import re
from typing import Any

from people import OCTETS, V21, Service

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PATCH = json.dumps([{"op": "replace", "path": "/name", "value": "changed"}])

# Bodies by the end of the rule and method; the calls that are not named take none.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("PATCH", "/<image_id>"): {"data": PATCH, "content_type": V21},
    ("PUT", "/file"): {"data": b"other", "content_type": OCTETS},
    ("PUT", "/stage"): {"data": b"other", "content_type": OCTETS},
    ("POST", "/import"): {"json": {"method": {"name": "glance-direct"}}},
    ("POST", "/locations"): {"json": {"url": "http://127.0.0.1/x"}},
    ("POST", "/members"): {"json": {"member": "other"}},
    ("PUT", "/<member_id>"): {"json": {"status": "accepted"}},
    ("POST", "/images"): {"json": {"name": "made"}},
    ("POST", "/tasks"): {"json": {"type": "import", "input": {"import_from": "http://h/"}}},
}


def calls(service: Service, **ids: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Every method and path of the API, with these ids in the place of its parameters."""
    found = []
    for rule in service.app.url_map.iter_rules():
        if rule.endpoint.startswith(("dashboard", "docs")):
            continue
        path = re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda name: ids.get(name[1], "x"), rule.rule)
        for method in METHODS:
            if method in (rule.methods or ()):
                found.append((method, path, body_of(method, rule.rule)))
    return found


def body_of(method: str, rule: str) -> dict[str, Any]:
    for (verb, end), body in BODIES.items():
        if verb == method and rule.endswith(end):
            return body
    return {}
