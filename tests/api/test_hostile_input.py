"""Names made to be taken for paths or queries: they stay names."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from people import Person, Service
from scenes import assert_is_refused, file_of


def quote(text: str) -> str:
    return urllib.parse.quote(text, safe="")


@pytest.fixture
def canary(service: Service) -> Iterator[Path]:
    """A file beside the stores that must be left alone, and with it the whole tree."""
    path = service.directory / "canary"
    path.write_text("sing")

    def tree() -> list[str]:
        files = service.directory.rglob("*")
        return sorted(str(each) for each in files if "glance.db" not in each.name)

    before = tree()
    yield path
    assert tree() == before
    assert path.read_text() == "sing"
    path.unlink()


IDS = [
    "..",
    "../x",
    "%2e%2e",
    "%2e%2e%2f",
    "%2e%2e%2fcanary",
    "..%5ccanary",
    "%2fetc%2fpasswd",
    "a/b",
    "%00",
    "a%00b",
    "a" * 300,
    "%7B{id}%7D",
    "urn:uuid:{id}",
    "{hex}",
    "{id}%0A",
    "{id}%00",
    "{id}%20",
    "%20{id}",
    "{id}.json",
    "{id}x",
    "{upper}",
    "{id};x",
    "%EF%BC%90",
    "0",
    "-1",
    "null",
]


@pytest.mark.parametrize("image_id", IDS)
def test_what_is_no_id_leads_nowhere(
    service: Service, alice: Person, canary: Path, image_id: str
) -> None:
    image = alice.create()
    odd = image_id.format(
        id=image["id"], hex=image["id"].replace("-", ""), upper=image["id"].upper()
    )

    for method, path, kwargs in (
        ("GET", "", {}),
        ("DELETE", "", {}),
        ("GET", "/file", {}),
        ("PUT", "/file", {"data": b"x", "content_type": "application/octet-stream"}),
        ("POST", "/actions/deactivate", {}),
        ("PUT", "/tags/x", {}),
        ("DELETE", "/tags/x", {}),
        ("GET", "/members", {}),
        ("POST", "/members", {"json": {"member": "p"}}),
        ("GET", "/members/p", {}),
        ("PUT", "/members/p", {"json": {"status": "accepted"}}),
        ("DELETE", "/members/p", {}),
    ):
        response = alice.request(method, f"/v2/images/{odd}{path}", **kwargs)
        assert_is_refused(service, response, 400, 404)
        assert "sing" not in response.text
    assert_is_refused(service, alice.patch(odd), 400, 404)
    assert alice.show(image["id"]) == image
    assert service.blobs() == []


@pytest.mark.parametrize(
    "image_id",
    [
        "..",
        "../x",
        "/abs",
        "a/b",
        "a\u0000b",
        "a" * 300,
        "{00000000-0000-4000-8000-00000000000a}",
        "urn:uuid:00000000-0000-4000-8000-00000000000a",
        "0000000000004000800000000000000a",
        "00000000-0000-4000-8000-00000000000a\n",
        " 00000000-0000-4000-8000-00000000000a",
        "00000000-0000-4000-8000-00000000000g",
        "00000000-0000-4000-8000-00000000000\u0661",
        "",
    ],
)
def test_what_is_no_id_is_not_made_one(
    service: Service, alice: Person, canary: Path, image_id: str
) -> None:
    response = alice.post("/v2/images", json={"id": image_id})

    assert_is_refused(service, response, 400)
    assert alice.ids() == []


def test_the_place_of_data_does_not_come_from_names(
    service: Service, alice: Person, canary: Path
) -> None:
    image = alice.active(name="../../evil", **{"../../key": "../../value", "path": "/etc"})
    alice.put(f"/v2/images/{image['id']}/tags/%2e%2e")

    (blob,) = service.blobs()
    assert "evil" not in str(blob)
    assert blob.is_relative_to(service.directory / "images")
    assert blob.name.startswith(image["id"])
    alice.delete(f"/v2/images/{image['id']}")


NAMES = ["../..", "';--", "%", "_", "%%", "<script>", "a\\b", "\u202eabc", "x" * 250, "*", "ä"]


@pytest.mark.parametrize("name", NAMES)
def test_names_stay_data(service: Service, alice: Person, name: str) -> None:
    other = alice.create(name="other", tags=["other"], custom="other")
    image = alice.create(name=name, tags=[name], **{f"k{name}": name})
    query, path = quote(name), f"/v2/images/{image['id']}"
    alice.share(image["id"], f"p{name}")

    assert alice.show(image["id"]) == image
    for parameters in (f"name={query}", f"tag={query}", f"{quote('k' + name)}={query}"):
        if len(parameters) < 4000:
            assert alice.ids(f"?{parameters}") == [image["id"]]
    quoted = '"' + name.replace("\\", "\\\\") + '"'
    assert alice.ids(f"?name=in:{quote(quoted)}") == [image["id"]]
    if "/" not in name:
        assert alice.get(f"{path}/members/p{query}").json["member_id"] == f"p{name}"
        assert alice.delete(f"{path}/members/p{query}").status_code == 204
        assert alice.delete(f"{path}/tags/{query}").status_code == 204
        assert alice.show(image["id"])["tags"] == []
    else:
        assert alice.get(f"{path}/members/p{query}").status_code == 404
        assert alice.delete(f"{path}/tags/{query}").status_code == 404
    assert alice.show(other["id"]) == other


@pytest.mark.parametrize("name", ["a\r\nevil: yes", "a\nb", "\r\n\r\n<html>", "a\u2028b"])
def test_names_with_line_ends_do_not_split_an_answer(alice: Person, name: str) -> None:
    response = alice.post("/v2/images", json={"name": name})

    assert response.status_code in (201, 400)
    assert "evil" not in response.headers
    if response.status_code == 201:
        shown = alice.get(f"/v2/images/{response.json['id']}")
        assert shown.json["name"] == name
        assert "evil" not in shown.headers


def test_a_name_that_is_a_path_of_another_image_reaches_neither(
    alice: Person, carol: Person
) -> None:
    hidden = carol.active(visibility="private")

    path = quote(f"../{hidden['id']}/file")
    assert alice.get(f"/v2/images/{path}").status_code == 404
    assert alice.get(file_of(hidden)).status_code == 404


@pytest.mark.parametrize("text", ["8\x1e", "\x1f8", "8\x85", "8\xa0", "8 8", ""])
def test_a_declared_size_has_digits_and_blanks_only(alice: Person, text: str) -> None:
    image_id = alice.create()["id"]

    response = alice.upload(image_id, b"12345678", **{"X-OpenStack-Image-Size": text})

    assert response.status_code == 400
    assert "must be a whole number" in response.text
    assert alice.upload(image_id, b"8", **{"X-OpenStack-Image-Size": "\t1 "}).status_code == 204
