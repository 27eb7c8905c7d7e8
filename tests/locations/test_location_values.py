"""What a location may say of itself, and which sources it may have."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from people import Person, Service
from places import DATA, Source, Web, add, at, location, refused, replace

URL = "http://example.org/x"
FORMS: list[Any] = [
    None,
    [],
    "http://example.org/x",
    {},
    {"url": URL},
    {"metadata": {}},
    {"url": None, "metadata": {}},
    {"url": 5, "metadata": {}},
    {"url": "", "metadata": {}},
    {"url": "http://example.org/" + "x" * 240, "metadata": {}},
    {"url": "http://example.org/\U0001f600", "metadata": {}},
    {"url": URL, "metadata": None},
    {"url": URL, "metadata": []},
    {"url": URL, "metadata": "{}"},
    {"url": URL, "metadata": {"a": "\U0001f600"}},
    {"url": URL, "metadata": {"\U0001f600": "a"}},
    {"url": URL, "metadata": {"a": [1 << 63]}},
    {"url": URL, "metadata": {"a": -(1 << 64)}},
    {"url": URL, "metadata": {"a": "x" * 4096}},
    {"url": URL, "metadata": {"store": 5}},
    {"url": URL, "metadata": {"store": ["web"]}},
    {"url": URL, "metadata": {"store": "nosuch"}},
    {"url": URL, "metadata": {"store": "fast"}},
    {"url": URL, "metadata": {}, "validation_data": None},
    {"url": URL, "metadata": {}, "validation_data": {}},
    {"url": URL, "metadata": {}, "validation_data": []},
    {"url": URL, "metadata": {}, "validation_data": {"os_hash_algo": "sha512"}},
    {"url": URL, "metadata": {}, "validation_data": {"os_hash_value": "ab" * 64}},
    {"url": URL, "metadata": {}, "validation_data": {"checksum": "ab" * 16}},
]


@pytest.mark.parametrize("value", FORMS, ids=lambda value: str(value)[:60])
def test_a_location_of_a_wrong_form_is_refused(
    service: Service, alice: Person, web: Web, value: Any
) -> None:
    image = alice.create()

    refused(alice, image, 400, {"op": "add", "path": "/locations/-", "value": value})
    refused(alice, image, 400, replace(value))


@pytest.mark.parametrize("value", [None, {}, "x", 5, True])
def test_a_replacement_is_a_list(service: Service, alice: Person, value: Any) -> None:
    operation = {"op": "replace", "path": "/locations", "value": value}

    refused(alice, alice.create(), 400, operation)


def test_unknown_keys_of_a_location_are_left_out(
    service: Service, alice: Person, web: Web
) -> None:
    image = alice.create()
    shown = alice.patch(image["id"], add(web.url(), id=5, status="deleted")).json

    assert shown["locations"] == [location(web.url(), {"store": "web"})]


def test_metadata_may_say_which_of_several_stores_it_is(make_shown: Any, web: Web) -> None:
    stores = {"fast": "file", "web": "http", "mirror": "http"}
    alice = make_shown(enabled_backends=stores).person("p1", "member")
    image_id = alice.create()["id"]
    both = (
        add(web.url("/data"), metadata={"store": "mirror"}),
        add(web.url("/other"), metadata={"store": "web"}),
    )
    image = alice.patch(image_id, *both).json
    assert image["stores"] == "mirror,web"

    moved = [{**each, "metadata": {"store": "web"}} for each in image["locations"]]
    assert "mirror" in refused(alice, image, 400, replace(*moved))


HASHES = {"os_hash_algo": "sha512", "os_hash_value": "AB" * 64}
CHECKED = {**HASHES, "checksum": "cd" * 16}


def test_hashes_are_taken_as_they_are_told(service: Service, alice: Person, web: Web) -> None:
    image_id = alice.create()["id"]
    image = alice.patch(image_id, add(web.url(), validation_data=CHECKED)).json
    assert (image["checksum"], image["os_hash_value"]) == ("cd" * 16, "ab" * 64)
    assert image["os_hash_algo"] == "sha512"

    again = alice.patch(image_id, add(web.url("/other"), validation_data=HASHES))
    assert again.status_code == 200
    wrong = {**CHECKED, "checksum": "ce" * 16}
    refused(alice, again.json, 409, add(web.url("/more"), validation_data=wrong))


WRONG_HASHES = [
    {**HASHES, "os_hash_algo": "sha256"},
    {**HASHES, "os_hash_algo": "sha256", "os_hash_value": "ab" * 32},
    {**HASHES, "os_hash_algo": "nosuch"},
    {**HASHES, "os_hash_value": "ab" * 32},
    {**HASHES, "os_hash_value": "xy" * 64},
    {**HASHES, "os_hash_value": ""},
    {**HASHES, "checksum": "x" * 32},
]


@pytest.mark.parametrize("told", WRONG_HASHES)
def test_hashes_that_cannot_be_right_are_refused(
    service: Service, alice: Person, web: Web, told: dict[str, str]
) -> None:
    image = alice.create()

    refused(alice, image, 409, add(web.url(), validation_data=told))
    refused(alice, image, 409, replace(location(web.url(), validation_data=told)))


def test_locations_do_not_contradict_each_other(
    service: Service, alice: Person, web: Web
) -> None:
    other = {**HASHES, "os_hash_value": "ac" * 64}
    places = [
        location(web.url("/data"), validation_data=HASHES),
        location(web.url("/other"), validation_data=other),
    ]

    refused(alice, alice.create(), 409, replace(*places))


def test_an_active_image_gets_no_new_hashes(service: Service, alice: Person, web: Web) -> None:
    image = at(alice, web.url())
    refused(alice, image, 409, add(web.url("/other"), validation_data=HASHES))

    uploaded = alice.active()
    same = {"os_hash_algo": "sha512", "os_hash_value": hashlib.sha512(DATA).hexdigest()}
    refused(alice, uploaded, 409, add(web.url(), validation_data=HASHES))
    assert alice.patch(uploaded["id"], add(web.url(), validation_data=same)).status_code == 200


SCHEMES = [
    "file",
    "FILE",
    "filesystem",
    "swift+config",
    "swift",
    "s3",
    "rbd",
    "cinder",
    "ftp",
    "gopher",
    "data",
    "nosuch",
]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_location_leads_to_what_this_machine_can_read(
    service: Service, alice: Person, web: Web, tmp_path: Path, scheme: str
) -> None:
    canary = tmp_path / "canary"
    canary.write_bytes(DATA)
    image = alice.create()
    for slashes in ("//", "", "////", "//localhost"):
        url = f"{scheme}:{slashes}{canary}"
        text = refused(alice, image, 400, add(url))
        assert "http:" in text
        refused(alice, image, 400, replace(location(url)))

    assert alice.delete(f"/v2/images/{image['id']}").status_code == 204
    assert canary.exists()


def test_the_data_of_another_image_cannot_be_referred_to(
    service: Service, alice: Person, bob: Person
) -> None:
    theirs = bob.active()
    (place,) = theirs["locations"]
    image = alice.create()

    refused(alice, image, 400, add(place["url"], metadata=place["metadata"]))
    assert alice.delete(f"/v2/images/{image['id']}").status_code == 204
    assert bob.get(f"/v2/images/{theirs['id']}/file").data == DATA


def test_with_one_store_for_files_nothing_can_be_added(make_service: Any) -> None:
    alice = make_service(show_multiple_locations=True).person("p1", "member")

    assert "no such store" in refused(alice, alice.create(), 400, add(URL))


def filtered(web: Web) -> list[str]:
    return [
        f"http://127.0.0.2:{web.port}/data",
        f"http://[::1]:{web.port}/data",
        f"http://127.1:{web.port}/data",
        f"http://user:secret@127.0.0.1:{web.port}/data",
        f"http://127.0.0.1:{web.port + 1}/data",
        "http://169.254.169.254/latest",
        "http://0.0.0.0/",
        "http:///data",
        "http:data",
        f"http://127.0.0.1:{web.port}/da ta",
        f"http://127.0.0.1:{web.port}/da\nta",
    ]


def test_the_filter_of_urls_is_asked(service: Service, alice: Person, web: Web) -> None:
    image = alice.create()

    for url in filtered(web):
        text = refused(alice, image, 400, add(url))
        assert "secret" not in text
    assert not web.requests


UNUSABLE = {
    "nothing there": lambda source: source.reply(404, b""),
    "no data": lambda source: source.reply(200, b""),
    "no size": lambda source: source.send_response(200) or source.end_headers(),
    "failing": lambda source: source.reply(500, b"secret"),
    "encoded": lambda source: source.reply(200, DATA, **{"Content-Encoding": "gzip"}),
    "elsewhere": lambda source: source.reply(302, b"", Location="http://169.254.169.254/"),
    "inward": lambda source: source.reply(302, b"", Location="file:///etc/passwd"),
    "not http": lambda source: source.wfile.write(b"220 mail.example.org\r\n"),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_a_source_must_have_data(service: Service, alice: Person, web: Web, what: str) -> None:
    web.answers["/x"] = UNUSABLE[what]
    image = alice.create()

    text = refused(alice, image, 400, add(web.url("/x")))
    assert web.url("/x") in text and "secret" not in text and "169.254" not in text


def test_a_source_may_move(service: Service, alice: Person, web: Web) -> None:
    def moved(source: Source) -> None:
        source.reply(302, b"", Location="/data")

    web.answers["/moved"] = moved

    assert at(alice, web.url("/moved"))["size"] == len(DATA)


@pytest.mark.parametrize("uploaded", [True, False])
def test_other_data_cannot_take_the_place_of_an_active_image(
    service: Service, alice: Person, web: Web, uploaded: bool
) -> None:
    web.answers["/larger"] = DATA + b"x"
    image = alice.active() if uploaded else at(alice, web.url())

    assert "11 bytes" in refused(alice, image, 400, add(web.url("/larger")))
    both = [location(web.url(path)) for path in ("/data", "/larger")]
    refused(alice, alice.create(), 400, replace(*both))
