"""Downloads of a part of the data."""

from __future__ import annotations

from typing import Any

import pytest
from people import Person
from scenes import DATA, file_of

HUGE = "9" * 400


@pytest.fixture
def image(alice: Person) -> dict[str, Any]:
    return alice.active()


def ask(person: Person, image: Any, **headers: str) -> Any:
    """GET data with headers, in which ``_`` stands for ``-``."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return person.get(file_of(image), headers=headers)


def assert_is_part(response: Any, image: dict[str, Any], start: int, last: int) -> None:
    assert response.status_code == 206
    assert response.data == DATA[start : last + 1]
    assert response.headers["Content-Range"] == f"bytes {start}-{last}/10"
    assert response.headers["Content-Length"] == str(last + 1 - start)
    assert response.headers["Content-MD5"] == image["checksum"]
    assert response.headers["Content-Type"] == "application/octet-stream"


def assert_is_refused(response: Any) -> None:
    assert response.status_code == 416
    assert DATA not in response.data


@pytest.mark.parametrize(
    "text, start, last",
    [
        ("bytes=0-4", 0, 4),
        ("bytes=0-0", 0, 0),
        ("bytes=9-9", 9, 9),
        ("bytes=9-", 9, 9),
        ("bytes=5-", 5, 9),
        ("bytes=0-", 0, 9),
        ("bytes=-1", 9, 9),
        ("bytes=-3", 7, 9),
        ("bytes=-10", 0, 9),
        ("bytes=-20", 0, 9),
        ("bytes=-99999", 0, 9),
        ("bytes=0-9", 0, 9),
        ("bytes=0-100", 0, 9),
        ("bytes=3-10", 3, 9),
        ("bytes=00-04", 0, 4),
        (f"bytes=2-{2**63}", 2, 9),
        (f"bytes=2-{HUGE}", 2, 9),
        (f"bytes=-{HUGE}", 0, 9),
        ("BYTES=0-4", 0, 4),
        ("Bytes=0-4", 0, 4),
        ("bytes= 0-4", 0, 4),
    ],
)
def test_a_range_is_cut_from_the_data(
    alice: Person, image: dict[str, Any], text: str, start: int, last: int
) -> None:
    assert_is_part(ask(alice, image, Range=text), image, start, last)


@pytest.mark.parametrize(
    "text",
    [
        "bytes=10-",
        "bytes=10-12",
        "bytes=10-5",
        "bytes=5-2",
        "bytes=-0",
        "bytes=abc",
        "bytes=",
        "bytes=-",
        "bytes=--1",
        "bytes=0-4-5",
        "bytes=0x0-4",
        "bytes=+0-4",
        "bytes=0-4.5",
        "bytes=\u0660-\u0664".encode().decode("latin-1"),
        "bytes",
        "bytes 0-4",
        "items=0-1",
        "bytesx=0-1",
        "0-4",
        "",
        f"bytes={2**63}-",
        f"bytes={HUGE}-",
        f"bytes={HUGE}-{HUGE}",
    ],
)
def test_what_is_no_range_of_the_data_is_refused(
    alice: Person, image: dict[str, Any], text: str
) -> None:
    assert_is_refused(ask(alice, image, Range=text))


@pytest.mark.parametrize(
    "text", ["bytes=0-1,3-4", "bytes=0-0,1-1", "bytes=0-1, 3-4", "bytes=0-,0-"]
)
def test_several_ranges_are_refused(alice: Person, image: dict[str, Any], text: str) -> None:
    assert ask(alice, image, Range=text).status_code == 400


def test_very_many_ranges_are_refused(alice: Person, image: dict[str, Any]) -> None:
    text = "bytes=" + ",".join(["0-"] * 100_000)

    assert ask(alice, image, Range=text).status_code in (400, 416, 431)


@pytest.mark.parametrize(
    "text, start, last",
    [
        ("bytes 0-4/*", 0, 4),
        ("bytes 0-4/10", 0, 4),
        ("bytes 0-4/99", 0, 4),
        ("bytes 3-3/15", 3, 3),
        ("bytes 0-9/10", 0, 9),
        ("bytes 0-9/*", 0, 9),
    ],
)
def test_old_clients_ask_for_a_range_in_another_header(
    alice: Person, image: dict[str, Any], text: str, start: int, last: int
) -> None:
    assert_is_part(ask(alice, image, Content_Range=text), image, start, last)


@pytest.mark.parametrize(
    "text",
    [
        "bytes 0-10/*",
        "bytes 10-12/*",
        "bytes 5-2/*",
        "bytes 0-10/10",
        "bytes 3-16/15",
        "bytes 3-10/15",
        "bytes */10",
        "bytes */*",
        "bytes 0-/10",
        "bytes -3/10",
        "foo",
        "",
        f"bytes 0-{HUGE}/*",
    ],
)
def test_the_other_header_is_judged_as_strictly(
    alice: Person, image: dict[str, Any], text: str
) -> None:
    assert_is_refused(ask(alice, image, Content_Range=text))


def test_the_usual_header_counts_where_both_are_sent(
    alice: Person, image: dict[str, Any]
) -> None:
    good = ask(alice, image, Range="bytes=0-1", Content_Range="foo")
    bad = ask(alice, image, Range="bytes=10-", Content_Range="bytes 0-1/10")

    assert_is_part(good, image, 0, 1)
    assert_is_refused(bad)


@pytest.mark.parametrize("data", [DATA, b""])
@pytest.mark.parametrize("header", ["Range", "Content-Range"])
def test_a_refusal_tells_the_size(alice: Person, header: str, data: bytes) -> None:
    image = alice.active(data)

    for text in ("bytes=10-", "foo"):
        response = ask(alice, image, **{header: text})
        assert response.status_code == 416
        assert response.headers.get("Content-Range") == f"bytes */{len(data)}"


@pytest.mark.parametrize("text", ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0"])
def test_no_range_lies_in_an_empty_image(alice: Person, text: str) -> None:
    assert_is_refused(ask(alice, alice.active(b""), Range=text))


@pytest.mark.parametrize("text", ["bytes=0-4", "bytes=abc", "bytes=10-"])
def test_an_image_without_data_has_none_to_cut(alice: Person, text: str) -> None:
    image = alice.create()

    for header in ("Range", "Content-Range"):
        response = alice.get(file_of(image), headers={header: text})
        assert (response.status_code, response.data) == (204, b"")


@pytest.mark.parametrize("start", [0, 1, 262_143, 262_144, 262_145, 999_999])
@pytest.mark.parametrize("length", [1, 262_144, 300_000])
def test_a_range_may_lie_anywhere_in_long_data(alice: Person, start: int, length: int) -> None:
    data = b"".join(number.to_bytes(4, "big") for number in range(250_000))
    image = alice.active(data)

    response = ask(alice, image, Range=f"bytes={start}-{start + length - 1}")

    assert response.status_code == 206
    assert response.data == data[start : start + length]


def test_conditions_and_validators_are_not_looked_at(
    alice: Person, image: dict[str, Any]
) -> None:
    response = ask(alice, image, Range="bytes=0-1", If_Range='"some-etag"', If_None_Match="*")

    assert_is_part(response, image, 0, 1)


def test_who_may_not_download_gets_no_range(
    alice: Person, alice_reader: Person, carol: Person, image: dict[str, Any]
) -> None:
    for text in ("bytes=0-1", "bytes=10-"):
        assert ask(alice_reader, image, Range=text).status_code == 403
        assert ask(carol, image, Range=text).status_code == 404
