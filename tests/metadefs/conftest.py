"""A namespace of alice's project, and a public one that is protected."""

from __future__ import annotations

import pytest
from metadef_catalog import Catalog
from people import Person, Service


@pytest.fixture
def catalog(service: Service) -> Catalog:
    found = Catalog(service.person("p1", "admin"))
    found.make("N")
    found.make(
        "P",
        visibility="public",
        protected=True,
        properties={"pp": {"type": "string", "title": "PP"}},
        tags=[{"name": "pt"}],
        objects=[
            {
                "name": "po",
                "required": ["x"],
                "properties": {"x": {"type": "integer", "title": "X"}},
            }
        ],
        resource_type_associations=[{"name": "PRT", "prefix": "px_"}],
    )
    return found


@pytest.fixture
def people(service: Service) -> dict[str, Person]:
    """By role and project: what a namespace of p1 looks like to others."""
    return {
        f"{role} of {project}": service.person(project, role)
        for project in ("p1", "p2")
        for role in ("member", "reader", "service")
    }
