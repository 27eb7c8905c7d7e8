"""Forms with a file, read as they arrive."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glance_shim import errors
from glance_shim.dashboard import multipart

BOUNDARY = "----here"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def field(name: str, value: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return head.encode() + value + b"\r\n"


def file(data: bytes, name: str = "disk.img") -> bytes:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return head.encode() + data + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def split(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


def read(body: bytes, size: int = 7) -> multipart.Form:
    return multipart.read(split(body, size), TYPE, len(body))


@settings(max_examples=200, deadline=None)
@given(
    data=st.lists(
        st.sampled_from([b"\r", b"\n", b"-", b"--", BOUNDARY.encode(), b"x", b"\0", b"\xff"])
    ).map(b"".join),
    size=st.integers(1, 40),
)
def test_fields_and_file_come_out_as_they_went_in(data: bytes, size: int) -> None:
    if f"\r\n--{BOUNDARY}".encode() in b"\r\n" + data or f"--{BOUNDARY}".encode() in data:
        return
    form = read(field("name", "ein Öl".encode()) + file(data) + END, size)

    assert (form.get("name"), form.filename) == ("ein Öl", "disk.img")
    assert form.length == len(data)
    assert b"".join(form.data) == data


def test_a_form_without_a_file_has_its_fields_only() -> None:
    form = read(field("tags", b"a") + field("tags", b"b") + END)

    assert form.fields == {"tags": ["a", "b"]}
    assert (form.filename, list(form.data), form.get("other", "none")) == ("", [], "none")


def test_a_part_may_end_where_its_headers_do() -> None:
    bare = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\n\r\n'.encode()
    bare_file = file(b"")[:-2]

    form = read(bare + field("b", b"x") + bare_file + END)

    assert form.fields == {"a": [""], "b": ["x"]}
    assert (form.length, b"".join(form.data)) == (0, b"")


def test_a_file_is_not_read_before_it_is_asked_for() -> None:
    taken = []

    def blocks() -> Iterator[bytes]:
        for block in split(field("name", b"x") + file(bytes(100_000)) + END, 1000):
            taken.append(block)
            yield block

    form = multipart.read(blocks(), TYPE, None)

    assert len(taken) == 1  # which is more than the fields have
    assert sum(map(len, form.data)) == 100_000
    assert len(taken) == 101


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing of the kind",
        field("name", b"x"),
        field("name", b"\xff") + END,
        field("name", b"a\0b") + END,
        f"--{BOUNDARY}\r\nX: 1\r\n\r\n\r\n".encode() + END,
        f"--{BOUNDARY}\r\n\xff: 1\r\n\r\n".encode("latin-1") + END,
    ],
)
def test_what_is_no_form_is_refused_in_words(body: bytes) -> None:
    with pytest.raises(multipart.FormBroken, match="The form cannot be read"):
        read(body)


@pytest.mark.parametrize("rest", [b"", field("later", b"x") + END, file(b"second") + END])
def test_a_file_that_does_not_end_the_form_is_refused(rest: bytes) -> None:
    form = read(file(b"data") + rest)

    with pytest.raises(multipart.FormBroken):
        list(form.data)


@pytest.mark.parametrize(
    "body",
    [
        field("name", b"x" * 300_000) + END,
        field("name", b"x" * 200_000) * 2 + END,
        f"--{BOUNDARY}\r\nX: ".encode() + b"x" * 2_000_000,
        field("name", b"x") * 20_000 + END,
    ],
)
def test_fields_cannot_fill_the_memory(body: bytes) -> None:
    with pytest.raises(multipart.FormTooLarge):
        read(body, 100_000)


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/form-data", "a/b; boundary=x"])
def test_another_content_type_is_refused(kind: str) -> None:
    with pytest.raises(errors.Invalid, match="multipart/form-data"):
        multipart.read([], kind, 0)
