"""JSON that is made to hurt: refused everywhere, and nothing comes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from people import V20, V21, Person, Service
from scenes import assert_is_refused

MIB = 1 << 20
ROUTES = ["create", "patch", "old patch", "member", "answer", "auth"]


@pytest.fixture
def send(service: Service, alice: Person, bob: Person) -> Iterator[Any]:
    """``send(route, body)``; at the end everything must be as it was."""
    image = alice.create(name="before", custom="1", tags=["t"])
    alice.share(image["id"], bob.project_id)
    path = f"/v2/images/{image['id']}"
    member = f"{path}/members/{bob.project_id}"
    calls = {
        "create": (alice, "POST", "/v2/images", "application/json"),
        "patch": (alice, "PATCH", path, V21),
        "old patch": (alice, "PATCH", path, V20),
        "member": (alice, "POST", f"{path}/members", "application/json"),
        "answer": (bob, "PUT", member, "application/json"),
        "auth": (service.nobody(), "POST", "/identity/v3/auth/tokens", "application/json"),
    }

    def state() -> Any:
        return alice.get("/v2/images").json, alice.get(f"{path}/members").json

    before = state()

    def sent(route: str, body: bytes, **kwargs: Any) -> Any:
        person, method, path, content_type = calls[route]
        return person.request(method, path, data=body, content_type=content_type, **kwargs)

    yield sent
    assert state() == before


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("depth", [33, 1000, 5000, 100_000, 1_000_000])
@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_deep_nesting_is_refused(
    service: Service, send: Any, route: str, depth: int, opening: str, closing: str
) -> None:
    for body in (opening * depth, f"{opening * depth}1{closing * depth}"):
        assert_is_refused(service, send(route, body.encode()), 400, 413)


def test_nesting_is_counted_to_32_and_not_in_text(alice: Person) -> None:
    image = alice.create()

    def patched(extra: str, value: str = "b") -> Any:
        body = f'[{{"op": "add", "path": "/a", "value": {json.dumps(value)}, "x": {extra}}}]'
        path = f"/v2/images/{image['id']}"
        return alice.request("PATCH", path, data=body.encode(), content_type=V21)

    assert patched("[" * 30 + "]" * 30).status_code == 200
    assert patched("[" * 31 + "]" * 31).status_code == 400
    assert patched("1", '\\"[{' * 1000).json["a"] == '\\"[{' * 1000
    assert patched("[" + "[]," * 1000 + "[]]").status_code == 200


@pytest.mark.parametrize("route", ROUTES)
def test_a_body_that_is_too_large_is_refused(service: Service, send: Any, route: str) -> None:
    large = b'{"a": "' + b"x" * (MIB - 8) + b'"}'
    assert len(large) == MIB + 1
    assert_is_refused(service, send(route, large), 413)
    # Nothing of these is read, or not all.
    announced = {"CONTENT_LENGTH": str(10**18)}
    assert_is_refused(service, send(route, b"", environ_overrides=announced), 413)

    class Endless:
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += 65_536
            assert self.given < 3 * MIB
            return b" " * min(size, 65_536) if size > 0 else b" " * 65_536

    chunked = {
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input": Endless(),
        "wsgi.input_terminated": True,
    }
    # Of strangers no body is read that does not say how long it is.
    code = 411 if route == "auth" else 413
    assert_is_refused(service, send(route, b"", environ_overrides=chunked), code)


def test_a_body_of_one_mib_is_read(alice: Person) -> None:
    body = b"{}" + b" " * (MIB - 2)

    assert alice.post("/v2/images", data=body).status_code == 201


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"}",
        b"{]",
        b"nul",
        b"'a'",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a" 1}',
        b"{} {}",
        b"{}x",
        b"/* */ {}",
        b"\x00",
        b"{}\x00",
        b'{"a": "\n"}',
        b'{"a": "\x00"}',
        b'{"a": "\\x41"}',
        b'{"a": "\xff"}',
        b'{"a": "\xc3"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"\xff": "a"}',
        b"\xef\xbb\xbf{}",
        b"\xef\xbb\xbf[]",
        "{}".encode("utf-16"),
        "{}".encode("utf-16-le"),
        "[]".encode("utf-32"),
        b"\x1f\x8b\x08\x00",
    ],
)
def test_what_is_no_json_in_utf_8_is_refused(
    service: Service, send: Any, route: str, body: bytes
) -> None:
    assert_is_refused(service, send(route, body), 400)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "body", [b"null", b"true", b"5", b'"x"', b"[]", b"{}", b"[[]]", b"1.5"]
)
def test_a_document_of_another_type_is_refused(
    service: Service, send: Any, route: str, body: bytes
) -> None:
    if (route, body) == ("create", b"{}") or (body == b"[]" and "patch" in route):
        return
    assert_is_refused(service, send(route, body), 400)


def everywhere(value: str) -> list[tuple[str, bytes]]:
    """Bodies for every route that hold this piece of JSON in some place."""
    documents = [
        ("create", f'{{"min_disk": {value}}}'),
        ("create", f'{{"custom": {value}}}'),
        ("create", f'{{"tags": [{value}]}}'),
        ("create", f'{{"name": {value}}}'),
        ("create", f'{{"custom": {{"a": [{value}]}}}}'),
        ("patch", f'[{{"op": "replace", "path": "/min_ram", "value": {value}}}]'),
        ("patch", f'[{{"op": "add", "path": "/a", "value": {value}}}]'),
        ("patch", f'[{{"op": "replace", "path": "/tags", "value": [{value}]}}]'),
        ("patch", f'[{{"op": "add", "path": "/a", "value": "b", "x": {value}}}]'),
        ("old patch", f'[{{"add": "/a", "value": {value}}}]'),
        ("member", f'{{"member": {value}}}'),
        ("member", f'{{"member": "p", "x": [{value}]}}'),
        ("answer", f'{{"status": {value}}}'),
        ("answer", f'{{"status": "accepted", "x": {value}}}'),
        ("auth", f'{{"auth": {{"identity": {value}}}}}'),
    ]
    return [(route, text.encode()) for route, text in documents]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_numbers_that_are_none_are_refused(service: Service, send: Any, number: str) -> None:
    for route, body in everywhere(number):
        assert_is_refused(service, send(route, body), 400)


@pytest.mark.parametrize("number", ["1" * 5000, "-" + "1" * 5000, "[" + "9" * 4301 + "]"])
def test_numbers_of_thousands_of_digits_are_refused(
    service: Service, send: Any, number: str
) -> None:
    for route, body in everywhere(number):
        assert_is_refused(service, send(route, body), 400)


@pytest.mark.parametrize("text", ['"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udfff\\ud800"'])
def test_text_that_no_database_takes_is_refused(service: Service, send: Any, text: str) -> None:
    for route, body in everywhere(text):
        assert_is_refused(service, send(route, body), 400)
    for route in ROUTES:
        assert_is_refused(service, send(route, f"{{{text}: 1}}".encode()), 400)


@pytest.mark.parametrize(
    "route, body",
    [
        ("create", '{"visibility": "private", "visibility": "public"}'),
        ("create", '{"name": "a", "name": "a"}'),
        ("create", '{"custom": "a", "custom": "b"}'),
        ("create", '{"name": "a", "na\\u006de": "b"}'),
        ("patch", '[{"op": "add", "op": "remove", "path": "/custom", "value": "b"}]'),
        ("patch", '[{"op": "add", "path": "/a", "path": "/custom", "value": "b"}]'),
        ("patch", '[{"op": "add", "path": "/a", "value": "b", "value": "c"}]'),
        ("old patch", '[{"add": "/a", "add": "/b", "value": "b"}]'),
        ("member", '{"member": "a", "member": "b"}'),
        ("answer", '{"status": "accepted", "status": "rejected"}'),
        ("auth", '{"auth": {"identity": {}, "identity": {}}}'),
    ],
)
def test_a_key_given_twice_is_refused(
    service: Service, send: Any, route: str, body: str
) -> None:
    assert_is_refused(service, send(route, body.encode()), 400)


@pytest.mark.parametrize("field", ["min_disk", "min_ram"])
@pytest.mark.parametrize(
    "value",
    [
        "-1",
        "2147483648",
        str(2**63),
        "1" + "0" * 400,
        "1.5",
        "1e308",
        "true",
        '"5"',
        "null",
        "[]",
        "{}",
        "1e-1",
        "-0.5",
    ],
)
def test_a_number_out_of_range_is_refused(
    service: Service, send: Any, field: str, value: str
) -> None:
    assert_is_refused(service, send("create", f'{{"{field}": {value}}}'.encode()), 400)
    operation = f'[{{"op": "replace", "path": "/{field}", "value": {value}}}]'
    assert_is_refused(service, send("patch", operation.encode()), 400)


@pytest.mark.parametrize("value", ["5", "5.0", "5e0", "2147483647", "0", "-0.0"])
def test_a_whole_number_is_taken_however_it_is_written(alice: Person, value: str) -> None:
    response = alice.post("/v2/images", data=f'{{"min_disk": {value}}}'.encode())

    assert response.status_code == 201
    assert type(response.json["min_disk"]) is int
    assert response.json["min_disk"] == float(value)


@pytest.mark.parametrize("smile", ["\U0001f600", "\U00010000", "a\U0010ffff"])
def test_characters_outside_the_basic_plane_are_refused(
    service: Service, send: Any, smile: str
) -> None:
    for escaped in (True, False):
        text = json.dumps(smile, ensure_ascii=escaped)
        for route, document in (
            ("create", f'{{"name": {text}}}'),
            ("create", f'{{"custom": {text}}}'),
            ("create", f'{{{text}: "value"}}'),
            ("create", f'{{"tags": [{text}]}}'),
            ("create", f'{{"owner": {text}}}'),
            ("patch", f'[{{"op": "replace", "path": "/name", "value": {text}}}]'),
            ("patch", f'[{{"op": "add", "path": "/a", "value": {text}}}]'),
            ("patch", f'[{{"op": "add", "path": {text[0]}/{text[1:]}, "value": "b"}}]'),
            ("patch", f'[{{"op": "replace", "path": "/tags", "value": [{text}]}}]'),
            ("member", f'{{"member": {text}}}'),
            ("answer", f'{{"status": {text}}}'),
        ):
            assert_is_refused(service, send(route, document.encode()), 400)


@pytest.mark.parametrize("number", [*range(1, 32), 127, 128, 159])
def test_control_characters_are_for_values_and_not_for_names(
    service: Service, alice: Person, send: Any, number: int
) -> None:
    text = json.dumps(f"a{chr(number)}b")
    for route, document in (
        ("create", f'{{{text}: "value"}}'),
        ("create", f'{{"tags": [{text}]}}'),
        ("patch", f'[{{"op": "add", "path": "/{text[1:]}, "value": "b"}}]'),
        ("patch", f'[{{"op": "replace", "path": "/tags", "value": [{text}]}}]'),
        ("member", f'{{"member": {text}}}'),
    ):
        assert_is_refused(service, send(route, document.encode()), 400)
    image = alice.create(custom=json.loads(text))
    assert alice.show(image["id"])["custom"] == json.loads(text)
    alice.delete(f"/v2/images/{image['id']}")


@pytest.mark.parametrize(
    "text", ["", "e\u0301", "\u202eabc\u202c", "\u200b", "\ufeff", "\uffff", "ﬁ", "ß", "\u2028"]
)
def test_odd_text_comes_back_as_it_was_sent(alice: Person, text: str) -> None:
    image = alice.create(name=text, custom=text, tags=[text], **{f"k{text}": text})

    shown = alice.show(image["id"])

    assert (shown["name"], shown["custom"], shown["tags"]) == (text, text, [text])
    assert shown[f"k{text}"] == text
    assert alice.set(image["id"], name=f"{text}{text}").json["name"] == text + text


@pytest.mark.parametrize("count, status", [(200, 200), (201, 413), (10_000, 413)])
def test_a_patch_has_at_most_200_operations(alice: Person, count: int, status: int) -> None:
    image = alice.create(name="before")
    operations = [{"op": "replace", "path": "/name", "value": str(n)} for n in range(count)]

    response = alice.patch(image["id"], *operations)

    assert response.status_code == status
    assert alice.show(image["id"])["name"] == ("199" if status == 200 else "before")


@pytest.mark.parametrize(
    "name",
    ["__class__", "__dict__", "save", "id ", "_meta", "__proto__", "constructor", "self_"],
)
def test_names_that_mean_something_elsewhere_are_plain_properties(
    alice: Person, name: str
) -> None:
    image = alice.create(**{name: "x"})

    assert image[name] == "x"
    assert alice.show(image["id"]) == image


@pytest.mark.parametrize(
    "name", ["Visibility", "VISIBILITY", "\uff56isibility", "visibility\u200b", "visibility "]
)
def test_a_name_that_looks_like_a_base_property_is_none(alice: Person, name: str) -> None:
    image = alice.create(**{name: "public"})

    assert (image["visibility"], image[name]) == ("shared", "public")
    other = alice.create()
    operation = {"op": "add", "path": f"/{name}", "value": "public"}
    response = alice.patch(other["id"], operation)
    if name == name.strip():
        assert (response.json["visibility"], response.json[name]) == ("shared", "public")
    else:
        # Blanks around a path do not count.
        assert response.status_code == 403
