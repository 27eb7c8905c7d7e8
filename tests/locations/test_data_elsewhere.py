"""Downloading data that lies on another web server."""

from __future__ import annotations

from typing import Any

import pytest
from people import Person, Service
from places import DATA, Answer, Source, Web, add, at

from glance_shim import errors

LARGE = bytes(range(256)) * 4096  # More than one block, and no two parts alike.


def whole_only(source: Source) -> None:
    """A server that makes no parts."""
    source.serve(LARGE)


def parts(source: Source) -> None:
    source.serve(LARGE, ranges=True)


def parts_of_unknown(source: Source) -> None:
    """A server that does not say how many bytes there are beside the part."""
    if source.command == "GET" and source.headers["Range"]:
        first, last = source.headers["Range"].removeprefix("bytes=").split("-")
        part = LARGE[int(first) : int(last) + 1]
        source.reply(206, part, **{"Content-Range": f"bytes {first}-{last}/*"})
    else:
        source.serve(LARGE)


def no_head(source: Source) -> None:
    if source.command == "HEAD":
        source.reply(405, b"")
    else:
        source.serve(LARGE, ranges=True)


def no_length(source: Source) -> None:
    """A server that tells a size when asked for it, and none with the data."""
    if source.command == "HEAD":
        source.reply(200, LARGE)
    else:
        source.send_response(200)
        source.end_headers()
        source.wfile.write(LARGE)


SERVERS = [whole_only, parts, parts_of_unknown, no_head, no_length]
LAST = len(LARGE) - 1
SPANS = [
    ("bytes=0-0", 0, 0),
    ("bytes=1-300000", 1, 300000),
    ("bytes=262143-262144", 262143, 262144),
    ("bytes=700001-", 700001, LAST),
    ("bytes=0-", 0, LAST),
    (f"bytes=5-{LAST + 100}", 5, LAST),
    ("bytes=-1", LAST, LAST),
    ("bytes=-500", LAST - 499, LAST),
]


@pytest.mark.parametrize("server", SERVERS)
def test_any_server_gives_the_right_bytes(
    service: Service, alice: Person, web: Web, server: Answer
) -> None:
    web.answers["/large"] = server
    path = f"/v2/images/{at(alice, web.url('/large'))['id']}/file"

    whole = alice.get(path)
    assert (whole.status_code, whole.data) == (200, LARGE)
    for span, first, last in SPANS:
        part = alice.get(path, headers={"Range": span})
        assert part.status_code == 206
        assert part.data == LARGE[first : last + 1], span
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{len(LARGE)}"
    assert alice.get(path, headers={"Range": f"bytes={len(LARGE)}-"}).status_code == 416


@pytest.mark.parametrize("data", [DATA + b"x", DATA[:-1], b""])
@pytest.mark.parametrize("span", [{}, {"Range": "bytes=2-4"}])
def test_data_of_another_size_is_not_given_out(
    service: Service, alice: Person, web: Web, data: bytes, span: dict[str, str]
) -> None:
    image = at(alice, web.url())
    web.answers["/data"] = data
    response = alice.get(f"/v2/images/{image['id']}/file", headers=span)

    assert response.status_code == 503
    assert f"{len(data)} bytes" in response.text and web.url() not in response.text
    assert alice.show(image["id"]) == image


def changing(then: Answer) -> Answer:
    """A server whose data changes between the question for its size and that for it."""

    def answer(source: Source) -> None:
        if source.command == "HEAD":
            source.serve(DATA)
        else:
            then(source)

    return answer


CHANGES: dict[str, Answer] = {
    "longer": lambda source: source.serve(DATA + b"x"),
    "shorter": lambda source: source.serve(DATA[:-1]),
    "longer, in parts": lambda source: source.serve(DATA + b"x", ranges=True),
    "shorter, in parts": lambda source: source.serve(DATA[:-1], ranges=True),
    "gone": lambda source: source.reply(404, b"0123456789"),
    "encoded": lambda source: source.reply(200, DATA, **{"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("span", [{}, {"Range": "bytes=2-4"}])
def test_data_that_changes_while_it_is_asked_for_is_not_given_out(
    service: Service, alice: Person, web: Web, change: str, span: dict[str, str]
) -> None:
    image = at(alice, web.url())
    web.answers["/data"] = changing(CHANGES[change])
    response = alice.get(f"/v2/images/{image['id']}/file", headers=span)

    assert response.status_code == 503
    assert DATA[2:5] not in response.data and web.url() not in response.text


def without_length(data: bytes) -> Answer:
    def answer(source: Source) -> None:
        source.send_response(200)
        source.end_headers()
        source.wfile.write(data)

    return changing(answer)


def announced(data: bytes, length: int) -> Answer:
    return changing(lambda source: source.reply(200, data, **{"Content-Length": str(length)}))


@pytest.mark.parametrize(
    "answer", [without_length(DATA[:-1]), without_length(DATA + b"x"), announced(DATA[:-1], 10)]
)
def test_a_download_never_ends_well_with_other_data(
    service: Service, alice: Person, web: Web, answer: Answer
) -> None:
    image = at(alice, web.url())
    web.answers["/data"] = answer

    # What a server makes of this is a broken connection.
    with pytest.raises(errors.SourceFailed):
        alice.get(f"/v2/images/{image['id']}/file", buffered=True)


@pytest.mark.parametrize("span", [{}, {"Range": "bytes=2-4"}])
def test_another_location_stands_in_for_one_that_has_changed(
    make_shown: Any, web: Web, span: dict[str, str]
) -> None:
    alice = make_shown(web={"weight": 9}).person("p1", "member")
    image = alice.active()
    image = alice.patch(image["id"], add(web.url())).json
    assert image["stores"] == "web,fast"
    for answer in (DATA + b"x", None, changing(CHANGES["longer"])):
        web.answers["/data"] = answer or (lambda source: source.reply(500, b""))
        response = alice.get(f"/v2/images/{image['id']}/file", headers=span)

        assert response.data == (DATA[2:5] if span else DATA)


def test_a_url_is_judged_anew_for_each_download(
    service: Service, alice: Person, web: Web
) -> None:
    image = at(alice, web.url())
    asked = len(web.requests)
    web.answers["/data"] = lambda source: source.reply(
        302, b"", Location="http://169.254.169.254/"
    )
    response = alice.get(f"/v2/images/{image['id']}/file")

    assert response.status_code == 503 and "169.254" not in response.text
    assert len(web.requests) > asked
