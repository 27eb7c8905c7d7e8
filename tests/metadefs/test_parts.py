"""Objects, properties, tags and associations of a namespace."""

from __future__ import annotations

from typing import Any

import pytest
from metadef_catalog import Catalog

TEXT = {"type": "string", "title": "T"}


def test_27_an_object_is_made_once(catalog: Catalog) -> None:
    made = catalog.ask("POST N/objects", {"name": "o1"})
    assert made.status_code == 201
    assert "required" not in made.json
    assert "properties" not in made.json
    assert made.json["schema"] == "/v2/schemas/metadefs/object"

    assert catalog.ask("POST N/objects", {"name": "o1"}).status_code == 409


def test_29_all_objects_are_listed_whatever_is_asked(catalog: Catalog) -> None:
    for name in ("o1", "o2"):
        catalog.ask("POST N/objects", {"name": name})
    listed = catalog.ask("GET N/objects?limit=1&sort_key=name&marker=o1").json

    assert [each["name"] for each in listed["objects"]] == ["o1", "o2"]
    assert listed["schema"] == "v2/schemas/metadefs/objects"
    assert set(listed) == {"objects", "schema"}


def test_30_an_object_is_replaced(catalog: Catalog) -> None:
    full = {"name": "o", "description": "d", "required": ["x"], "properties": {"x": TEXT}}
    catalog.ask("POST N/objects", full)
    catalog.ask("POST N/objects", {"name": "taken"})
    assert catalog.ask("PUT N/objects/o", {"name": "o"}).status_code == 200
    shown = catalog.ask("GET N/objects/o").json
    assert "description" not in shown
    assert (shown["required"], shown["properties"]) == ([], {})

    assert catalog.ask("PUT N/objects/o", {"name": "taken"}).status_code == 409
    assert catalog.ask("PUT N/objects/o", {"name": "new"}).status_code == 200
    assert catalog.ask("GET N/objects/o").status_code == 404
    assert catalog.ask("GET N/objects/new?resource_type=X").json["name"] == "new"
    assert catalog.ask("PUT N/objects/nope", {"name": "x"}).status_code == 404


def test_a_property_has_its_name_where_it_was_given(catalog: Catalog) -> None:
    made = catalog.ask("POST N/properties", {"name": "own", **TEXT})
    assert (made.status_code, made.json) == (201, {"name": "own", **TEXT})
    catalog.ask("POST N/properties", {"name": "other", **TEXT})

    listed = catalog.ask("GET N/properties").json
    assert listed == {
        "properties": {"own": {"name": "own", **TEXT}, "other": {"name": "other", **TEXT}}
    }
    assert catalog.ask("GET P/properties").json == {
        "properties": {"pp": {"type": "string", "title": "PP"}}
    }
    assert catalog.ask("GET P/properties/pp").json["name"] == "pp"


def test_32_33_a_property_is_made_once_and_replaced(catalog: Catalog) -> None:
    for name in ("p", "taken"):
        body = {"name": name, **TEXT, "enum": ["a"], "readonly": True}
        assert catalog.ask("POST N/properties", body).status_code == 201
    assert catalog.ask("POST N/properties", {"name": "p", **TEXT}).status_code == 409
    assert catalog.ask("PUT N/properties/p", {"name": "taken", **TEXT}).status_code == 409
    answer = catalog.ask("PUT N/properties/p", {"name": "new", **TEXT})

    assert answer.json == {"name": "new", **TEXT}
    assert catalog.ask("GET N/properties/p").status_code == 404
    assert catalog.ask("DELETE N/properties/new").status_code == 204
    assert catalog.ask("DELETE N/properties/new").status_code == 404
    assert list(catalog.ask("GET N/properties").json["properties"]) == ["taken"]


def test_33_a_property_is_found_by_its_name_for_a_resource_type(catalog: Catalog) -> None:
    assert catalog.ask("GET P/properties/px_pp?resource_type=PRT").json["name"] == "pp"


def test_34_without_a_prefix_there_is_none(catalog: Catalog) -> None:
    catalog.ask("POST P/resource_types", {"name": "Plain"})

    assert catalog.ask("GET P/properties/pp?resource_type=Plain").status_code == 404


EVERYTHING = {
    "name": "all",
    "type": "array",
    "title": "Everything",
    "description": "d",
    "operators": ["<in>"],
    "default": "x",
    "readonly": False,
    "minimum": -1,
    "maximum": 5,
    "enum": ["a", "b"],
    "pattern": "(",
    "minLength": 0,
    "maxLength": 9,
    "items": {"type": "string", "enum": ["q"]},
    "uniqueItems": True,
    "minItems": 1,
    "maxItems": 2,
    "additionalItems": True,
}


def test_everything_that_a_property_can_say_comes_back(catalog: Catalog) -> None:
    assert catalog.ask("POST N/properties", EVERYTHING).status_code == 201

    assert catalog.ask("GET N/properties/all").json == EVERYTHING


def tags(catalog: Catalog, query: str = "") -> list[str]:
    return [each["name"] for each in catalog.ask(f"GET N/tags{query}").json["tags"]]


def put(catalog: Catalog, *names: str, append: str = "") -> Any:
    headers = {"X_Openstack_Append": append} if append else {}
    return catalog.ask("POST N/tags", {"tags": [{"name": n} for n in names]}, **headers)


def test_35_a_tag_is_made_once(catalog: Catalog) -> None:
    made = catalog.ask("POST N/tags/t1")
    assert made.status_code == 201
    assert set(made.json) == {"name", "created_at", "updated_at"}

    assert catalog.ask("POST N/tags/t1").status_code == 409
    assert catalog.ask("POST N/tags/T1").status_code == 201


def test_36_tags_are_replaced_or_added(catalog: Catalog) -> None:
    put(catalog, "old")
    answer = put(catalog, "a", "b", "c")
    assert (answer.status_code, answer.json) == (
        201,
        {"tags": [{"name": "a"}, {"name": "b"}, {"name": "c"}]},
    )
    assert tags(catalog) == ["c", "b", "a"]
    assert put(catalog, "d", append="True").status_code == 201
    assert tags(catalog) == ["d", "c", "b", "a"]
    assert put(catalog, "e", "d", append="yes").status_code == 409
    assert tags(catalog) == ["d", "c", "b", "a"]


def test_37_38_39_what_tags_stay(catalog: Catalog) -> None:
    put(catalog, "a", "b")
    assert put(catalog, "f", append="zz").status_code == 201
    assert tags(catalog) == ["f"]
    answer = put(catalog)
    assert (answer.status_code, answer.json) == (201, {"tags": []})
    assert tags(catalog) == ["f"]
    assert put(catalog, "g", "g").status_code == 409
    assert tags(catalog) == ["f"]


def test_40_tags_have_pages(catalog: Catalog) -> None:
    put(catalog, "a", "b", "c", "d")

    assert tags(catalog, "?limit=2") == ["d", "c"]
    assert tags(catalog, "?limit=2&marker=c") == ["b", "a"]
    assert tags(catalog, "?limit=0") == []
    assert tags(catalog, "?sort_key=name&sort_dir=asc") == ["a", "b", "c", "d"]
    assert set(catalog.ask("GET N/tags?limit=2").json) == {"tags"}


def test_41_a_tag_is_renamed(catalog: Catalog) -> None:
    put(catalog, "a", "b")
    assert catalog.ask("PUT N/tags/a", {"name": "b"}).status_code == 409
    assert catalog.ask("PUT N/tags/a", {"name": "c"}).json["name"] == "c"
    assert catalog.ask("PUT N/tags/a", {"name": "d"}).status_code == 404

    assert tags(catalog) == ["b", "c"]
    assert catalog.ask("DELETE N/tags/c").status_code == 204
    assert catalog.ask("GET N/tags/c").status_code == 404


def test_42_43_44_a_resource_type_outlives_its_association(catalog: Catalog) -> None:
    made = catalog.ask("POST N/resource_types", {"name": "New::Type", "prefix": "x"})
    assert made.status_code == 201
    assert made.json["prefix"] == "x"
    assert catalog.ask("POST N/resource_types", {"name": "New::Type"}).status_code == 409
    (listed,) = catalog.ask("GET N/resource_types").json["resource_type_associations"]
    assert listed == made.json
    assert catalog.ask("DELETE N/resource_types/New::Type").status_code == 204
    assert catalog.ask("DELETE N/resource_types/New::Type").status_code == 404

    types = catalog.ask("GET /v2/metadefs/resource_types").json["resource_types"]
    assert [each["name"] for each in types] == ["PRT", "New::Type"]
    assert set(types[0]) == {"name", "created_at", "updated_at"}


@pytest.mark.parametrize("what", ["objects/po", "properties/pp", "tags/pt"])
def test_a_part_is_found_in_its_own_namespace_only(catalog: Catalog, what: str) -> None:
    assert catalog.ask(f"GET P/{what}").status_code == 200
    assert catalog.ask(f"GET N/{what}").status_code == 404
    assert catalog.ask(f"DELETE N/{what}").status_code == 404


def test_46_schemas_are_named_as_clients_know_them(catalog: Catalog) -> None:
    names = {
        kind: catalog.ask(f"GET /v2/schemas/metadefs/{kind}").json["name"]
        for kind in (
            *("namespace", "namespaces", "object", "objects", "property", "properties"),
            *("tag", "tags", "resource_type", "resource_types"),
        )
    }

    assert names.pop("resource_type") == "resource_type_association"
    assert names.pop("resource_types") == "resource_type_associations"
    assert all(kind == name for kind, name in names.items())
    namespace = catalog.ask("GET /v2/schemas/metadefs/namespace").json
    assert namespace["required"] == ["namespace"]
    assert namespace["additionalProperties"] is False
    assert set(namespace["definitions"]) == {
        *("positiveInteger", "positiveIntegerDefault0", "stringArray", "property"),
    }
    assert namespace["properties"]["created_at"]["readOnly"] is True
