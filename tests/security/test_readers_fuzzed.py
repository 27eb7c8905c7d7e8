"""What reads ranges, filters and patches, with input that nobody would write."""

from __future__ import annotations

import json
import urllib.parse
from typing import Any

from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from people import V20, V21, Person

DATA = bytes(range(100))
ODD = st.text(max_size=20) | st.sampled_from(
    [
        "",
        " ",
        "\t",
        "-",
        "~",
        "~2",
        "/",
        "null",
        "NaN",
        "1e9",
        "0x1",
        "\u0661",
        "in:",
        "gt:",
        "\ufeff",
    ]
)
NUMBERS = st.integers(-5, 120) | st.integers() | ODD


@given(
    unit=st.sampled_from(["bytes", "Bytes", "bytes ", "items", ""]),
    first=NUMBERS,
    last=NUMBERS,
    more=st.sampled_from(["", ",0-1", ", -5", ";", "/100"]),
    header=st.sampled_from(["Range", "Content-Range"]),
)
@examples(120)
def test_T_HTTP_5_a_range_is_a_slice_or_refused(
    alice: Person, unit: str, first: Any, last: Any, more: str, header: str
) -> None:
    image_id = alice.active(DATA)["id"]
    text = f"{unit}={first}-{last}{more}".replace("\r", "").replace("\n", "")
    value = text.encode("utf-8", "ignore").decode("latin-1")

    response = alice.get(f"/v2/images/{image_id}/file", headers={header: value})

    assert response.status_code in (200, 206, 400, 416), (value, response.text)
    if response.status_code == 206:
        begin, _, rest = response.headers["Content-Range"].removeprefix("bytes ").partition("-")
        end = rest.partition("/")[0]
        assert response.data == DATA[int(begin) : int(end) + 1]
    elif response.status_code == 200:
        assert response.data == DATA


NAMES = st.sampled_from(
    [
        *("name", "size_min", "size_max", "created_at", "updated_at", "min_ram", "protected"),
        *("os_hidden", "visibility", "member_status", "owner", "status", "tag", "id", "limit"),
        *("marker", "sort", "sort_key", "sort_dir", "changes-since", "disk_format", "x"),
    ]
)
OPERATORS = st.sampled_from(["", "in:", "eq:", "neq:", "gt:", "gte:", "lt:", "lte:", "like:"])
VALUES = st.one_of(
    ODD,
    st.integers().map(str),
    st.datetimes().map(str),
    st.sampled_from(["name:asc", "created_at", "2026-01-01T00:00:00Z", '"a,b",c', '"', "true"]),
)


@given(pairs=st.lists(st.tuples(NAMES | ODD, OPERATORS, VALUES), max_size=5))
@examples(150)
def test_T_SQL_4_a_list_is_a_list_or_refused(
    alice: Person, pairs: list[tuple[str, str, str]]
) -> None:
    query = urllib.parse.urlencode(
        [(name, operator + value) for name, operator, value in pairs], errors="replace"
    )

    response = alice.get(f"/v2/images?{query}")

    assert response.status_code in (200, 400, 403), (query, response.text)
    assert "Traceback" not in response.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD, inner, max_size=3),
    max_leaves=6,
)
PATHS = st.one_of(
    st.sampled_from(
        ["/name", "/tags", "/owner", "/min_ram", "/protected", "/x", "/locations/-"]
    ),
    ODD.map(lambda text: f"/{text}"),
    st.lists(ODD, max_size=3).map("/".join),
    JSON,
)
OPERATIONS = st.fixed_dictionaries(
    {},
    optional={
        "op": st.sampled_from(["add", "replace", "remove", "move", "test"]) | JSON,
        "path": PATHS,
        "value": JSON,
        "add": PATHS,
        "remove": PATHS,
    },
)


@given(
    operations=st.lists(OPERATIONS | JSON, max_size=4) | JSON,
    media_type=st.sampled_from([V20, V21]),
)
@examples(200)
def test_T_JSON_8_a_patch_is_made_or_refused(
    alice: Person, operations: Any, media_type: str
) -> None:
    image_id = alice.create()["id"]
    before = alice.show(image_id)
    body = json.dumps(operations)

    response = alice.request(
        "PATCH", f"/v2/images/{image_id}", data=body, content_type=media_type
    )

    assert response.status_code in (200, 400, 403, 409, 413), (body, response.text)
    after = alice.show(image_id)
    if response.status_code != 200:
        assert after == before
    for name in ("id", "status", "owner", "size", "checksum", "created_at"):
        assert after[name] == before[name]


@given(body=st.binary(max_size=200) | JSON.map(json.dumps).map(str.encode))
@examples(100)
def test_T_JSON_6_a_document_is_read_or_refused(alice: Person, body: bytes) -> None:
    for method, path in (("POST", "/v2/images"), ("POST", "/v2/images/x/members")):
        response = alice.request(method, path, data=body, content_type="application/json")
        assert response.status_code in (201, 400, 403, 404), (body, response.text)
