"""Namespaces: what they are made of, changed to, listed as."""

from __future__ import annotations

from typing import Any

import pytest
from metadef_catalog import ROOT, Catalog, ask
from people import Person, Service

from glance_shim.db import connection

TEXT = {"type": "string", "title": "T"}


def test_a_namespace_is_private_unprotected_and_the_callers(catalog: Catalog) -> None:
    response = catalog.ask("POST ", {"namespace": "A::B"})

    assert response.status_code == 201
    assert response.headers["Location"].endswith("/v2/metadefs/namespaces/A::B")
    document = response.json
    assert document["created_at"] == document["updated_at"]
    assert document == {
        "namespace": "A::B",
        "visibility": "private",
        "protected": False,
        "owner": catalog.admin.project_id,
        "created_at": document["created_at"],
        "updated_at": document["updated_at"],
        "self": "/v2/metadefs/namespaces/A::B",
        "schema": "/v2/schemas/metadefs/namespace",
    }
    for path in ("A::B", "A%3A%3AB"):
        assert catalog.ask(f"GET {path}").json == document


def test_what_is_sent_with_a_namespace_is_held_by_it(catalog: Catalog) -> None:
    sent = {
        "properties": {"p": {**TEXT, "default": 5}},
        "objects": [{"name": "o", "properties": {"x": TEXT}}, {"name": "bare"}],
        "tags": [{"name": "a"}, {"name": "b"}],
        "resource_type_associations": [{"name": "T", "prefix": "t_", "properties_target": "i"}],
    }
    answered = catalog.make("Q", **sent)
    shown = catalog.ask("GET Q").json

    assert answered["objects"] == sent["objects"]
    assert answered["tags"] == sent["tags"]
    assert shown["properties"] == {"p": {**TEXT, "default": "5"}}
    assert shown["tags"] == [{"name": "b"}, {"name": "a"}]
    first, bare = shown["objects"]
    assert first["properties"] == {"x": TEXT}
    assert first["self"] == "/v2/metadefs/namespaces/Q/objects/o"
    assert (bare["required"], bare["properties"]) == ([], {})
    (association,) = shown["resource_type_associations"]
    assert association["properties_target"] == "i"
    assert association["created_at"]


@pytest.mark.parametrize(
    "twice", ["objects", "tags", "resource_type_associations"], ids=lambda name: f"5-{name}"
)
def test_5_what_has_something_twice_is_not_made_at_all(catalog: Catalog, twice: str) -> None:
    response = catalog.ask("POST ", {"namespace": "Q", twice: [{"name": "a"}, {"name": "a"}]})

    assert response.status_code == 409
    assert catalog.ask("GET Q").status_code == 404


@pytest.mark.parametrize(
    "value, shown",
    [(5, "5"), (1.5, "1.5"), (True, "True"), (False, "False"), ("a", "a"), (["a"], None)],
    ids=repr,
)
def test_7_a_default_is_text_or_nothing(catalog: Catalog, value: Any, shown: Any) -> None:
    catalog.make("Q", properties={"p": {**TEXT, "default": value}})

    assert catalog.ask("GET Q/properties/p").json["default"] == shown


def test_6_a_minimum_loses_its_fraction(catalog: Catalog) -> None:
    catalog.make("Q", properties={"p": {**TEXT, "minimum": 1.5, "maximum": -2.7}})

    shown = catalog.ask("GET Q/properties/p").json
    assert (shown["minimum"], shown["maximum"]) == (1, -2)


def test_9_a_name_with_a_slash_cannot_be_reached(catalog: Catalog) -> None:
    catalog.make("a/b")

    assert catalog.ask("GET a/b").status_code == 404
    assert catalog.ask("GET a%2Fb").status_code == 404


def test_a_name_of_any_language_can_be_reached(catalog: Catalog) -> None:
    catalog.make("Straße ü")

    assert catalog.ask("GET Straße ü").json["namespace"] == "Straße ü"
    assert catalog.ask("POST Straße ü/tags/ö").status_code == 201
    assert catalog.ask("GET Stra%C3%9Fe%20%C3%BC/tags/%C3%B6").status_code == 200


def test_13_a_resource_type_has_its_prefix_before_all_keys(catalog: Catalog) -> None:
    shown = catalog.ask("GET P?resource_type=PRT").json

    assert list(shown["properties"]) == ["px_pp"]
    (object_,) = shown["objects"]
    assert object_["required"] == ["px_x"]
    assert list(object_["properties"]) == ["px_x"]
    assert object_["name"] == "po"
    assert shown["tags"] == [{"name": "pt"}]


def test_14_what_a_put_leaves_out_is_as_in_a_new_namespace(catalog: Catalog) -> None:
    catalog.make("Q", description="d", display_name="D", visibility="public", owner="other")
    answer = catalog.ask("PUT Q", {"namespace": "Q"})

    assert answer.status_code == 200
    shown = catalog.ask("GET Q").json
    assert answer.json == shown
    assert "description" not in shown
    assert "display_name" not in shown
    assert (shown["visibility"], shown["protected"]) == ("private", False)
    assert shown["owner"] == catalog.admin.project_id


def test_15_a_namespace_is_renamed_with_what_it_holds(catalog: Catalog) -> None:
    catalog.ask("POST N/objects", {"name": "o"})
    assert catalog.ask("PUT N", {"namespace": "M"}).json["namespace"] == "M"

    assert catalog.ask("GET N").status_code == 404
    (object_,) = catalog.ask("GET M").json["objects"]
    assert object_["self"] == "/v2/metadefs/namespaces/M/objects/o"


def test_16_what_a_namespace_holds_is_not_changed_with_it(catalog: Catalog) -> None:
    body = {
        "namespace": "P",
        "protected": True,
        "visibility": "public",
        "tags": [{"name": "x"}],
    }
    assert catalog.ask("PUT P", body).status_code == 200

    assert catalog.ask("GET P/tags").json == {"tags": [{"name": "pt"}]}


def test_20_once_unprotected_it_can_be_deleted(catalog: Catalog) -> None:
    assert catalog.ask("PUT P", {"namespace": "P", "protected": False}).status_code == 200
    assert catalog.ask("DELETE P").status_code == 204

    assert catalog.ask("GET P").status_code == 404
    assert catalog.ask("GET P/tags").status_code == 404
    types = catalog.ask("GET /v2/metadefs/resource_types").json["resource_types"]
    assert [each["name"] for each in types] == ["PRT"]
    catalog.make("P")
    assert "tags" not in catalog.ask("GET P").json


def test_23_pages(catalog: Catalog) -> None:
    for name in "ABC":
        catalog.make(name)
    page = catalog.ask("GET ?limit=2&foo=bar").json
    assert [each["namespace"] for each in page["namespaces"]] == ["C", "B"]
    assert page["next"] == f"{ROOT}?limit=2&foo=bar&marker=B"
    assert page["first"] == f"{ROOT}?limit=2&foo=bar"
    assert page["schema"] == "/v2/schemas/metadefs/namespaces"
    found, path = [], f"{ROOT}?limit=2"
    while path:
        page = catalog.admin.get(path).json
        found += [each["namespace"] for each in page["namespaces"]]
        path = page.get("next")
    assert found == ["C", "B", "A", "P", "N"]
    empty = catalog.ask("GET ?limit=0").json
    assert empty["namespaces"] == []
    assert "next" not in empty


@pytest.mark.parametrize(
    "query, names",
    [
        ("?sort_key=namespace&sort_dir=asc", ["N", "P"]),
        ("?sort_key=visibility&sort_dir=desc", ["P", "N"]),
        ("?sort_key=protected&sort_dir=asc", ["N", "P"]),
        ("?sort_key=display_name&sort_dir=asc&limit=1", ["N"]),
        ("?visibility=public", ["P"]),
        ("?visibility=", []),
        ("?resource_types=Nope", []),
        ("?resource_types=Nope,PRT", ["P"]),
        ("?resource_types=", []),
    ],
)
def test_25_lists_are_sorted_and_filtered(
    catalog: Catalog, query: str, names: list[str]
) -> None:
    assert catalog.names(query) == names


def test_26_others_do_not_see_what_is_private(
    catalog: Catalog, people: dict[str, Person]
) -> None:
    stranger = people["reader of p2"]

    assert ask(stranger, "GET ?visibility=private").json["namespaces"] == []
    (public,) = ask(stranger, "GET ").json["namespaces"]
    assert public["namespace"] == "P"
    assert [a["name"] for a in public["resource_type_associations"]] == ["PRT"]
    assert "tags" not in public


def test_a_private_namespace_without_an_owner_is_nobodys(
    catalog: Catalog, service: Service, people: dict[str, Person]
) -> None:
    from glance_shim.db.models.metadefs import MetadefNamespace

    with connection.connected(service.deployment.database):
        MetadefNamespace.update(owner=None).execute()

    assert ask(people["reader of p1"], "GET N").status_code == 404
    assert "owner" not in catalog.ask("GET N").json


def test_a_name_that_the_caller_cannot_see_is_taken_all_the_same(
    catalog: Catalog, service: Service
) -> None:
    other = service.person("p3", "admin")

    assert ask(other, "POST ", {"namespace": "N"}).status_code == 409


@pytest.mark.parametrize(
    "option, request_, body",
    [
        ("metadef_namespace_limit", "POST ", {"namespace": "Q{}"}),
        ("metadef_object_limit", "POST N/objects", {"name": "o{}"}),
        ("metadef_property_limit", "POST N/properties", {"name": "p{}", **TEXT}),
        ("metadef_tag_limit", "POST N/tags/t{}", None),
    ],
)
def test_there_are_limits(make_service: Any, option: str, request_: str, body: Any) -> None:
    service = make_service(**{option: 3})
    admin = service.person("p1", "admin")
    ask(admin, "POST ", {"namespace": "N"})

    def one_more(number: int) -> int:
        sent = {k: v.format(number) for k, v in body.items()} if body else None
        return int(ask(admin, request_.format(number), sent).status_code)

    count = 2 if option == "metadef_namespace_limit" else 3
    assert [one_more(number) for number in range(count)] == [201] * count
    assert one_more(9) == 413
    response = ask(admin, request_.format(10), {"name": "x"} if body else None)
    assert response.status_code in (400, 413)


@pytest.mark.parametrize(
    "option, held",
    [
        ("metadef_object_limit", {"objects": [{"name": "a"}, {"name": "b"}]}),
        ("metadef_tag_limit", {"tags": [{"name": "a"}, {"name": "b"}]}),
        ("metadef_property_limit", {"properties": {"a": TEXT, "b": TEXT}}),
        (
            "metadef_property_limit",
            {"objects": [{"name": "a", "properties": {"a": TEXT, "b": TEXT}}]},
        ),
    ],
)
def test_what_is_sent_with_a_namespace_is_limited_too(
    make_service: Any, option: str, held: Any
) -> None:
    admin = make_service(**{option: 1}).person("p1", "admin")

    assert ask(admin, "POST ", {"namespace": "Q", **held}).status_code == 413
    assert ask(admin, "GET Q").status_code == 404
