"""The two media types of a change to an image, and what their bodies mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from glance_shim import errors
from glance_shim.api import at_hand, body
from glance_shim.api.schemas import images as schemas
from glance_shim.core.changes import Change

V20 = "application/openstack-images-v2.0-json-patch"
V21 = "application/openstack-images-v2.1-json-patch"
OPERATIONS = ("add", "replace", "remove")

READ_ONLY = frozenset(
    (
        "id",
        "status",
        "checksum",
        "size",
        "virtual_size",
        "created_at",
        "updated_at",
        "direct_url",
        "self",
        "file",
        "schema",
        "stores",
        "os_hash_algo",
        "os_hash_value",
    )
)


class UnsupportedPatch(errors.Unsupported):
    message = "The Content-Type must be {types}, not '{type}'"
    headers = {"Accept-Patch": f"{V20}, {V21}"}


class TooManyOperations(errors.TooLarge):
    message = "A patch may have at most {limit} operations"


def read() -> list[Change]:
    """The changes that the request body asks for.

    What can be judged without the image is judged here, in this order for
    each operation: path, value present, read-only or reserved name, value.
    """
    media_type = at_hand.request().mimetype
    if media_type not in READERS:
        raise UnsupportedPatch(types=" or ".join(READERS), type=media_type)
    document = body.read_json(expected="list of operations")
    if not isinstance(document, list):
        raise errors.Invalid(reason="The body must be a list of operations")
    most = at_hand.deployment().config.max_patch_operations
    if len(document) > most:
        raise TooManyOperations(limit=most)
    return [_change(item, READERS[media_type]) for item in document]


def _change(item: Any, operation_of: Callable[[dict[str, Any]], tuple[str, Any]]) -> Change:
    if not isinstance(item, dict):
        raise errors.Invalid(reason="Each operation must be an object")
    op, path = operation_of(item)
    keys = parse_pointer(path)
    name = keys[0]
    _check_depth(op, keys)
    if op != "remove" and "value" not in item:
        raise errors.Invalid(reason=f"The operation on '{path}' has no value")
    if name in READ_ONLY:
        raise errors.ReadOnlyAttribute(name=name)
    schemas.refuse_reserved(name)
    single = len(keys) > 1
    position = keys[1] if single else ""
    if op == "remove":
        return Change(op, name, position=position)
    if single:
        (value,) = schemas.load_value(name, [item["value"]])
        return Change(op, name, value, position=position)
    value = schemas.load_value(name, item["value"])
    return Change(op, name, value, must_be_new=op == "add" and operation_of is _v20)


def _v21(item: dict[str, Any]) -> tuple[str, Any]:
    op = item.get("op")
    if op not in OPERATIONS:
        raise errors.Invalid(reason=f"op must be one of {', '.join(OPERATIONS)}")
    if "path" not in item:
        raise errors.Invalid(reason=f"The operation {op} has no path")
    return op, item["path"]


def _v20(item: dict[str, Any]) -> tuple[str, Any]:
    found = [op for op in OPERATIONS if op in item]
    if len(found) != 1:
        raise errors.Invalid(
            reason=f"Each operation must have exactly one of {', '.join(OPERATIONS)}"
        )
    return found[0], item[found[0]]


READERS: dict[str, Callable[[dict[str, Any]], tuple[str, Any]]] = {V20: _v20, V21: _v21}


def parse_pointer(path: Any) -> list[str]:
    """The keys of a JSON pointer (RFC 6901), blanks around each trimmed."""
    if not isinstance(path, str) or not path.startswith("/"):
        raise errors.Invalid(reason="A path must be text that begins with '/'")
    if path != "/" and (path.endswith("/") or "//" in path):
        raise errors.Invalid(reason=f"The path '{path}' has an empty part")
    if re.search("~(?![01])", path):
        raise errors.Invalid(reason=f"In the path '{path}' '~' must be written as '~0'")
    return [key.replace("~1", "/").replace("~0", "~").strip() for key in path[1:].split("/")]


def _check_depth(op: str, keys: list[str]) -> None:
    if keys[0] == "locations":
        whole = len(keys) == 1
        if len(keys) > 2 or whole is not (op == "replace"):
            raise errors.Invalid(
                reason="locations are added to and removed from by position, and replaced whole"
            )
    elif len(keys) > 1:
        raise errors.Invalid(
            reason=f"The path '/{'/'.join(keys)}' has several parts; only locations have any"
        )
