"""All routes, in the order of the API documentation."""

from glance_shim.api import (
    cache,
    health,
    identity,
    image_data,
    images,
    imports,
    locations,
    members,
    schema_documents,
    stores,
    tags,
    tasks,
    versions,
)

BLUEPRINTS = (
    images.blp,
    image_data.blp,
    imports.blp,
    locations.blp,
    members.blp,
    tags.blp,
    schema_documents.blp,
    stores.blp,
    stores.copies,
    tasks.blp,
    cache.blp,
    versions.blp,
    health.blp,
    *identity.BLUEPRINTS,
)
