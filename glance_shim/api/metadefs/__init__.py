"""Metadata definitions over HTTP."""

from glance_shim.api.metadefs import (
    namespaces,
    objects,
    properties,
    resource_types,
    schema_documents,
    tags,
)

BLUEPRINTS = (
    schema_documents.blp,
    namespaces.blp,
    objects.blp,
    properties.blp,
    tags.blp,
    resource_types.blp,
)
