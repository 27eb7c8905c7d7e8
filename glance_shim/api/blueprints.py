"""All routes, in the order of the API documentation."""

from typing import Any

from glance_shim.api import (
    activity,
    cache,
    health,
    identity,
    image_data,
    images,
    imports,
    locations,
    members,
    metadefs,
    schema_documents,
    stores,
    tags,
    tasks,
    versions,
)
from glance_shim.context import Deployment

BLUEPRINTS = (
    images.blp,
    image_data.blp,
    imports.blp,
    locations.blp,
    members.blp,
    activity.blp,
    tags.blp,
    schema_documents.blp,
    stores.blp,
    stores.copies,
    tasks.blp,
    cache.blp,
    *metadefs.BLUEPRINTS,
    versions.blp,
    health.blp,
)

# Where others say who is asking, there is no identity service to be asked.
FOREIGN = ("keystone", "front")


def served(deployment: Deployment) -> list[Any]:
    """The blueprints that this deployment has."""
    if deployment.config.auth_strategy in FOREIGN:
        return list(BLUEPRINTS)
    return [*BLUEPRINTS, *identity.BLUEPRINTS]
