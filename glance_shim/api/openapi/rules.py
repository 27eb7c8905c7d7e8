"""What holds of bodies as a whole, and so cannot be read off the fields of their schemas."""

from __future__ import annotations

from typing import Any

from glance_shim.api.schemas import metadefs
from glance_shim.api.schemas.common import TEXT

ID_OR_NAME = {"anyOf": [{"required": ["id"]}, {"required": ["name"]}]}
BOTH_OR_NONE = {
    "anyOf": [{"required": ["os_hash_algo", "os_hash_value"]}, {"maxProperties": 0}],
    "additionalProperties": False,
}

# What is added to the schema of this name.
RULES: dict[str, dict[str, Any]] = {
    "Hash": BOTH_OR_NONE,
    "Image": {"additionalProperties": {"type": "string", "pattern": TEXT}},
    "Named": ID_OR_NAME,
    "InDomain": ID_OR_NAME,
    "PasswordUser": ID_OR_NAME,
    "CredentialProof": {"anyOf": [{"required": ["id"]}, {"required": ["name", "user"]}]},
    "Scope": {"minProperties": 1, "maxProperties": 1, "additionalProperties": False},
    "Proof": {
        "anyOf": [
            {"required": [method], "properties": {"methods": {"items": {"enum": [method]}}}}
            for method in ("password", "token", "application_credential")
        ]
    },
}

# Nothing else may be sent; what the service adds to its answers is read-only.
OWN = ("self", "schema", *metadefs.TIMES)
CLOSED = {
    "Items": (),
    "MappedProperty": OWN,
    "Property": OWN,
    "ObjectPart": OWN,
    "Object": OWN,
    "AssociationPart": OWN,
    "Association": OWN,
    "TagPart": OWN,
    "Tag": OWN,
    "Tags": (),
    "Namespace": OWN,
}


def complete(schemas: dict[str, dict[str, Any]]) -> None:
    """Say of the schemas what can be sent, and what else is answered."""
    for name, schema in schemas.items():
        # Answers have more, such as times.
        if schema.get("additionalProperties") is False and name not in CLOSED:
            del schema["additionalProperties"]
        schema.update(RULES.get(name, {}))
        for own in CLOSED.get(name, ()):
            added = {"type": "string", "readOnly": True}
            schema["properties"].setdefault(own, added)
