"""The properties of images that are offered for choice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from metadef_catalog import Catalog
from people import Person, Service

from glance_shim.context import Context, with_implied
from glance_shim.core.metadefs import known_properties
from glance_shim.db import connection

FOR_IMAGES = [{"name": "OS::Glance::Image", "prefix": "hw_"}]


@pytest.fixture
def context(service: Service, alice: Person) -> Iterator[Context]:
    """Somebody with the role reader in p1."""
    with connection.connected(service.deployment.database):
        yield Context(
            service.deployment,
            user_id="u",
            project_id=alice.project_id,
            scope="project",
            roles=with_implied(["reader"]),
        )


def names(context: Context) -> list[str]:
    return [known.name for known in known_properties.get_all(context)]


def make(catalog: Catalog, name: str, properties: dict[str, Any], **more: Any) -> None:
    more.setdefault("resource_type_associations", FOR_IMAGES)
    catalog.make(name, visibility="public", properties=properties, **more)


def test_what_is_defined_for_images_is_offered_with_its_prefix(
    catalog: Catalog, context: Context
) -> None:
    bus = {"title": "Disk bus", "description": "How", "type": "string", "enum": ["ide", "scsi"]}
    make(catalog, "HW", {"disk_bus": bus}, display_name="Hardware")
    make(catalog, "FLAVOR", {"other": bus}, resource_type_associations=[{"name": "OS::Nova"}])

    assert known_properties.get_all(context) == [
        known_properties.KnownProperty(
            name="hw_disk_bus",
            namespace="Hardware",
            title="Disk bus",
            description="How",
            type="string",
            allowed=("ide", "scsi"),
        )
    ]


def test_the_properties_of_objects_are_offered_too(catalog: Catalog, context: Context) -> None:
    inner = {"cores": {"type": "integer", "title": "C", "minimum": 1, "maximum": 8}}
    make(catalog, "A", {}, objects=[{"name": "cpu", "properties": inner}])

    [known] = known_properties.get_all(context)

    assert (known.name, known.minimum, known.maximum) == ("hw_cores", 1, 8)


def test_values_are_shown_as_an_image_has_them(catalog: Catalog, context: Context) -> None:
    flag = {"type": "boolean", "title": "F", "default": False}
    several = {"type": "array", "title": "S", "items": {"type": "string", "enum": ["a", "b"]}}
    make(catalog, "A", {"flag": flag, "several": several})

    flag_known, several_known = known_properties.get_all(context)

    assert (flag_known.allowed, flag_known.default) == (("true", "false"), "false")
    assert several_known.several and several_known.allowed == ("a", "b")


def test_a_name_that_is_defined_twice_is_offered_once(
    catalog: Catalog, context: Context
) -> None:
    make(catalog, "B", {"x": {"type": "string", "title": "second"}})
    make(catalog, "A", {"x": {"type": "string", "title": "first"}})

    assert [known.title for known in known_properties.get_all(context)] == ["first"]


def test_only_what_the_caller_sees_is_offered(catalog: Catalog, context: Context) -> None:
    hidden = {"x": {"type": "string", "title": "X"}}
    other = catalog.admin
    catalog.make("MINE", properties=hidden, resource_type_associations=FOR_IMAGES)
    catalog.make(
        "THEIRS",
        owner="p2",
        properties={"y": {"type": "string", "title": "Y"}},
        resource_type_associations=FOR_IMAGES,
    )

    assert other.project_id == context.project_id
    assert names(context) == ["hw_x"]


def test_nothing_is_offered_where_a_rule_forbids_to_look(
    make_service: Any, tmp_path: Any
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text('"get_metadef_objects": "!"\n')
    service = make_service(oslo_policy={"policy_file": str(path)})
    catalog = Catalog(service.person("p1", "admin"))
    make(catalog, "A", {"x": {"type": "string", "title": "X"}})
    context = Context(
        service.deployment, project_id=service.project("p1"), scope="project",
        roles=with_implied(["reader"]),
    )  # fmt: skip

    with connection.connected(service.deployment.database):
        assert names(context) == []
        assert names(Context(service.deployment)) == []
