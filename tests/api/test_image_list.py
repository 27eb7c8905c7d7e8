"""Lists of images: the envelope, pages, order and filters."""

from __future__ import annotations

import itertools
import urllib.parse
from typing import Any

import pytest
from people import Person, Service


def get(person: Person, query: str) -> Any:
    return person.get(f"/v2/images?{query}")


def names(person: Person, query: str) -> list[str | None]:
    response = get(person, query)
    assert response.status_code == 200, response.text
    return [image["name"] for image in response.json["images"]]


def test_an_empty_list_has_its_envelope(alice: Person) -> None:
    response = alice.get("/v2/images")

    assert response.json == {
        "images": [],
        "first": "/v2/images",
        "schema": "/v2/schemas/images",
    }
    assert response.mimetype == "application/json"


def test_a_page_has_25_images_unless_asked_otherwise(alice: Person) -> None:
    created = [alice.create()["id"] for _ in range(26)]

    page = alice.get("/v2/images").json
    rest = alice.get(page["next"]).json

    assert len(page["images"]) == 25 and len(rest["images"]) == 1
    assert page["next"] == f"/v2/images?marker={page['images'][-1]['id']}"
    assert "next" not in rest
    assert {image["id"] for image in page["images"] + rest["images"]} == set(created)


def test_a_full_last_page_leads_to_an_empty_one(alice: Person) -> None:
    for _ in range(2):
        alice.create()

    page = get(alice, "limit=2").json
    assert len(page["images"]) == 2
    assert alice.get(page["next"]).json["images"] == []
    assert "next" not in alice.get(page["next"]).json


def test_links_repeat_the_parameters_as_given(alice: Person) -> None:
    alice.create(name="ä b", tags=["x", "y"])
    query = 'limit=1&tag=x&tag=y&name=in:"%C3%A4%20b",c&foo=&sort=name:asc'
    page = get(alice, query).json

    assert page["images"] == []
    query = 'limit=1&tag=x&tag=y&name=in:"%C3%A4%20b",c&sort=name:asc'
    page = get(alice, query).json
    assert page["first"] == (
        "/v2/images?limit=1&tag=x&tag=y&name=in%3A%22%C3%A4+b%22%2Cc&sort=name%3Aasc"
    )
    assert page["next"] == f"{page['first']}&marker={page['images'][0]['id']}"
    assert get(alice, "foo=").json["first"] == "/v2/images?foo="


def test_the_limit_is_cut_but_repeated_as_given(make_service: Any) -> None:
    alice = make_service(api_limit_max=3).person("p1", "member")
    for _ in range(4):
        alice.create()

    page = get(alice, "limit=100000").json

    assert len(page["images"]) == 3
    assert "limit=100000" in page["next"]


@pytest.mark.parametrize("limit", ["-1", "abc", "1.5", "", "٣", "1e3"])
def test_a_limit_that_is_no_number_is_refused(alice: Person, limit: str) -> None:
    assert get(alice, f"limit={limit}").status_code == 400


def test_a_limit_of_0_gives_an_empty_list(alice: Person) -> None:
    alice.create()

    assert get(alice, "limit=0").json["images"] == []
    assert "next" not in get(alice, "limit=0").json


def test_the_last_limit_counts_and_the_first_is_a_filter(alice: Person) -> None:
    alice.create()

    assert names(alice, "limit=5&limit=10") == []


def test_a_marker_need_not_match_the_filters(alice: Person) -> None:
    for name in ("a", "b", "c"):
        alice.create(name=name)
    marker = next(i["id"] for i in alice.get("/v2/images").json["images"] if i["name"] == "b")

    assert names(alice, f"sort=name:asc&name=in:a,c&marker={marker}") == ["c"]


def test_markers_that_cannot_be_used_are_refused(
    alice: Person, carol: Person, admin: Person
) -> None:
    foreign = carol.create(visibility="private")["id"]
    gone = alice.create()["id"]
    alice.delete(f"/v2/images/{gone}")

    assert get(alice, "marker=nope").status_code == 400
    assert get(alice, "marker=").status_code == 400
    assert get(alice, f"marker={gone}").status_code == 400
    assert get(alice, f"marker={foreign}").status_code == 400
    assert get(admin, f"marker={gone}").status_code == 200


VALUES: list[dict[str, Any]] = [
    {"name": name, "disk_format": disk_format}
    for name, disk_format in itertools.product(["b", "a", None, "B", ""], ["raw", None])
]
KEYS = (
    "name",
    "disk_format",
    "container_format",
    "status",
    "size",
    "id",
    "created_at",
    "updated_at",
)


def expected(images: list[dict[str, Any]], key: str, direction: str) -> list[str]:
    """Sort as the contract says: absent below everything, then created_at and id."""
    reverse = direction == "desc"
    order = [key, *(k for k in ("created_at", "id") if k != key)]
    return [
        image["id"]
        for image in sorted(
            images,
            key=lambda image: [(image[k] is not None, image[k] or "") for k in order],
            reverse=reverse,
        )
    ]


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("key", KEYS)
def test_every_page_of_every_order_is_walked_once(
    alice: Person, key: str, direction: str
) -> None:
    for values in VALUES:
        alice.create(**values)
    images = get(alice, "limit=100").json["images"]
    if key == "size":
        for image in images:
            image["size"] = image["size"]

    wanted = expected(images, key, direction)

    assert alice.ids(f"?sort={key}:{direction}&limit=3") == wanted
    assert alice.ids(f"?sort_key={key}&sort_dir={direction}&limit=4") == wanted


@pytest.mark.parametrize(
    "query",
    [
        "sort_key=owner",
        "sort_key=min_disk",
        "sort_key=name;drop",
        "sort_dir=ASC",
        "sort_dir=",
        "sort_key=name&sort_dir=asc&sort_dir=desc",
        "sort=",
        "sort=name:up",
        "sort=name:asc&sort_key=name",
        "sort=name&sort_dir=asc",
        "sort=name,status,size,id",
    ],
)
def test_an_order_that_makes_no_sense_is_refused(alice: Person, query: str) -> None:
    assert get(alice, query).status_code == 400


def test_one_direction_counts_for_all_keys(alice: Person) -> None:
    for name, disk_format in itertools.product("ab", ("raw", "iso")):
        alice.create(name=name, disk_format=disk_format)
    query = "sort_key=name&sort_key=disk_format&sort_dir=asc"
    images = get(alice, query).json["images"]

    pairs = [(image["name"], image["disk_format"]) for image in images]
    assert pairs == [("a", "iso"), ("a", "raw"), ("b", "iso"), ("b", "raw")]
    assert names(alice, "sort=%20name%20") == ["b", "b", "a", "a"]


@pytest.mark.parametrize(
    "query, found",
    [
        ("name=a", "a"),
        ("name=eq:a", "a"),
        ("name=A", ""),
        ("name=a,b", ""),
        ("name=in:a,b", "a b"),
        ("name=in:", ""),
        ('name=in:"c, d",b', "b c,d"),
        ("name=eq:e:f", "e:f"),
        ('name="a"', ""),
        ('name=in:"q\\"r"', 'q"r'),
        ("status=queued&name=a", "a"),
        ("status=bogus", ""),
        ("status=deleted", ""),
        ("status=in:queued,active&name=b", "b"),
        ("disk_format=iso", "b"),
        ("disk_format=bogus", ""),
        ("container_format=in:bare", 'a b c,d e:f q"r'),
        ("min_disk_min=5", "b"),
        ("min_disk_max=4&min_ram_max=0", 'a c,d e:f q"r'),
        ("min_disk=5", "b"),
        ("size_min=0", ""),
        ("tag=x", "a b"),
        ("tag=x&tag=y", "b"),
        ("tag=%20x%20", "a b"),
        ("tag=", ""),
        ("colour=red", "a"),
        ("colour=red&shape=round", "a"),
        ("colour=red&shape=square", ""),
        ("nosuchproperty=1", ""),
        ("is_public=true", ""),
        ("protected=true", "b"),
        ("protected=false", 'a c,d e:f q"r'),
        ("deleted=true&name=a", "a"),
        ("created_at=gt:2020-01-01", 'a b c,d e:f q"r'),
        ("created_at=lt:2020-01-01T00:00:00%2B02:00", ""),
        ("visibility=", ""),
        ("properties=x", ""),
        ("locations=x", ""),
        ("members=x", ""),
    ],
)
def test_a_filter_finds_what_it_says(alice: Person, query: str, found: str) -> None:
    alice.create(name="a", tags=["x"], colour="red", shape="round")
    alice.create(name="b", tags=["x", "y"], min_disk=5, disk_format="iso", protected=True)
    alice.create(name="c, d")
    alice.create(name="e:f")
    alice.create(name='q"r')

    assert sorted(str(name).replace(", ", ",") for name in names(alice, query)) == found.split()


def test_a_time_that_was_shown_finds_its_image(alice: Person) -> None:
    image = alice.create()

    for operator in ("", "eq:", "gte:", "lte:"):
        assert alice.ids(f"?created_at={operator}{image['created_at']}") == [image["id"]]
    for operator in ("neq:", "gt:", "lt:"):
        assert alice.ids(f"?created_at={operator}{image['created_at']}") == []


def test_sizes_are_bounded_inclusively(alice: Person) -> None:
    image = alice.active(b"12345")
    alice.create()

    assert alice.ids("?size_min=5&size_max=5") == [image["id"]]
    assert alice.ids(f"?checksum={image['checksum']}") == [image["id"]]
    assert alice.ids(f"?os_hash_value={image['os_hash_value']}") == [image["id"]]
    assert alice.ids("?size_min=6") == []


@pytest.mark.parametrize(
    "query",
    [
        "name=neq:a",
        "name=foo:bar",
        "status=neq:active",
        'name=in:"a',
        'name=in:a"b"',
        'name=in:"a"b',
        "visibility=bogus",
        "member_status=bogus",
        "member_status=",
        "protected=True",
        "protected=1",
        "protected=",
        "os_hidden=1",
        "size_min=abc",
        "size_min=1e9",
        "size_max=99999999999999999999",
        "foo_min=1",
        "created_at=lt:invalid",
        "created_at=in:2020-01-01T00:00:00Z",
        "created_at=",
        "updated_at=gt:10000-01-01",
        "changes-since=2020-01-01",
        "changes-since=",
        "name=%FF",
        "name=a%00b",
        "name=in:" + ",".join("x" * 101),
        "&".join(f"p{n}=1" for n in range(11)),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(alice: Person, query: str) -> None:
    assert get(alice, query).status_code == 400


@pytest.mark.parametrize("text, hidden", [("true", True), ("True", True), ("FALSE", False)])
def test_hidden_images_are_listed_when_asked_for(
    alice: Person, text: str, hidden: bool
) -> None:
    ids = {flag: alice.create(os_hidden=flag)["id"] for flag in (True, False)}

    assert alice.ids(f"?os_hidden={text}") == [ids[hidden]]
    assert alice.ids() == [ids[False]]


def test_who_is_no_reader_may_not_list(service: Service) -> None:
    assert service.person("p1", "service").get("/v2/images").status_code == 403


def test_a_body_is_ignored(alice: Person) -> None:
    assert alice.get("/v2/images", json={"a": 1}).status_code == 200


def test_filters_can_be_as_long_as_a_request_line(alice: Person) -> None:
    value = urllib.parse.quote("ü" * 1000)

    assert get(alice, f"name={value}").status_code == 200
