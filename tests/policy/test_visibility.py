"""Who sees which image, and who may do what with it: the truth tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from people import OCTETS, Person, Service

DOCS = Path(__file__).parents[2] / "docs"

KINDS = {"R": "private", "S": "shared", "C": "community", "U": "public"}

# What a list holds, by query: for a member or reader of the owning project, an
# administrator elsewhere and one of the owning project, a member whose answer is
# pending, accepted, rejected, and a stranger. R private, S shared, C community,
# U public; all are p1's, and all have the same members.
PEOPLE = ("owner", "admin", "admin of p1", "pending", "accepted", "rejected", "stranger")
LISTS = {
    "": ("RSCU", "RSU", "RSCU", "U", "SU", "U", "U"),
    "visibility=all": ("RSCU", "RSCU", "RSCU", "CU", "SCU", "CU", "CU"),
    "visibility=public": ("U", "U", "U", "U", "U", "U", "U"),
    "visibility=community": ("C", "C", "C", "C", "C", "C", "C"),
    "visibility=private": ("R", "R", "R", "", "", "", ""),
    "visibility=shared": ("S", "S", "S", "", "S", "", ""),
    "member_status=all": ("RSCU", "RSU", "RSCU", "SU", "SU", "SU", "U"),
    "member_status=pending": ("RSCU", "RSU", "RSCU", "SU", "U", "U", "U"),
    "member_status=accepted": ("RSCU", "RSU", "RSCU", "U", "SU", "U", "U"),
    "member_status=rejected": ("RSCU", "RSU", "RSCU", "U", "U", "SU", "U"),
    "visibility=shared&member_status=pending": ("S", "S", "S", "S", "", "", ""),
    "visibility=shared&member_status=all": ("S", "S", "S", "S", "S", "S", ""),
    "visibility=all&member_status=all": ("RSCU", "RSCU", "RSCU", "SCU", "SCU", "SCU", "CU"),
    "visibility=private&member_status=all": ("R", "R", "R", "", "", "", ""),
    "owner=P1": ("RSCU", "RSU", "RSCU", "U", "SU", "U", "U"),
    "owner=P1&visibility=community": ("C", "C", "C", "C", "C", "C", "C"),
    "owner=P1&visibility=all": ("RSCU", "RSCU", "RSCU", "CU", "SCU", "CU", "CU"),
}


def offered(service: Service, visibility: str, **values: Any) -> dict[str, Any]:
    """An active image of p1 with this visibility, offered to p2, p3 and p4 before."""
    admin = service.person("p1", "admin")
    image = admin.active(**values)
    members = {name: service.person(name, "member") for name in ("p2", "p3", "p4")}
    admin.share(image["id"], *(person.project_id for person in members.values()))
    members["p3"].answer(image["id"], "accepted")
    members["p4"].answer(image["id"], "rejected")
    assert admin.set(image["id"], visibility=visibility).status_code == 200
    return image


@pytest.fixture(scope="module")
def lists(services: Any) -> dict[str, dict[str, str]]:
    """What each person's list holds, by query; the lists are read once."""
    # An option of its own, so that no other test empties this service.
    service = services({"DEFAULT": {"limit_param_default": 20}})
    letters = {offered(service, kind)["id"]: letter for letter, kind in KINDS.items()}
    owner = service.person("p1", "member")
    people = {
        "owner": owner,
        "reader of p1": service.person("p1", "reader"),
        "admin": service.person("elsewhere", "admin"),
        "admin of p1": service.person("p1", "admin"),
        "pending": service.person("p2", "member"),
        "accepted": service.person("p3", "member"),
        "rejected": service.person("p4", "member"),
        "reader of p2": service.person("p2", "reader"),
        "stranger": service.person("p5", "member"),
        "reader of p5": service.person("p5", "reader"),
    }
    return {
        name: {
            query: "".join(
                sorted(
                    (
                        letters[i]
                        for i in person.ids(f"?{query}".replace("P1", owner.project_id))
                    ),
                    key="RSCU".index,
                )
            )
            for query in LISTS
        }
        for name, person in people.items()
    }


@pytest.mark.parametrize("query", LISTS)
@pytest.mark.parametrize("person", PEOPLE)
def test_a_list_holds_what_the_table_says(lists: Any, query: str, person: str) -> None:
    assert lists[person][query] == LISTS[query][PEOPLE.index(person)]


@pytest.mark.parametrize(
    "reader, member",
    [("reader of p1", "owner"), ("reader of p2", "pending"), ("reader of p5", "stranger")],
)
def test_a_reader_sees_the_lists_of_a_member(lists: Any, reader: str, member: str) -> None:
    assert lists[reader] == lists[member]


# By id: code for a member of the owning project, its reader, an administrator, a
# member of an offered project, its reader, a stranger, a reading stranger.
WHO = ("OWN", "OWN-R", "ADM", "MEM", "MEM-R", "STR", "STR-R")
HIDDEN = (404, 404, 404, 404)
SEEN = {"private": HIDDEN, "shared": (403, 403, 404, 404)}
WRITES = ("patch", "delete", "add tag", "upload", "deactivate", "reactivate")
OK = {
    "patch": 200,
    "delete": 204,
    "add tag": 204,
    "upload": 409,
    "deactivate": 204,
    "reactivate": 204,
}


def _by_id() -> dict[tuple[str, str], tuple[int, ...]]:
    table: dict[tuple[str, str], tuple[int, ...]] = {}
    for kind in KINDS.values():
        foreign = SEEN.get(kind, (403,) * 4)
        seen = {"private": (404,) * 4, "shared": (200, 200, 404, 404)}.get(kind, (200,) * 4)
        data = {"private": (404,) * 4, "shared": (200, 403, 404, 404)}
        table["show", kind] = (200, 200, 200, *seen)
        table["patch nothing", kind] = (200, 200, 200, *seen)
        table["download", kind] = (200, 403, 200, *data.get(kind, (200, 403, 200, 403)))
        table["publish", kind] = (403, 403, 200, *foreign)
        for write in WRITES:
            table[write, kind] = (OK[write], 403, OK[write], *foreign)
        if kind != "shared":
            table["list members", kind] = (403, 403, 403, *foreign)
            table["show member", kind] = (404,) * 7
            for write in ("add member", "answer", "remove member"):
                table[write, kind] = (403, 403, 403, *foreign)
    table["list members", "shared"] = (200, 200, 200, 200, 200, 404, 404)
    table["show member", "shared"] = (200, 200, 200, 404, 404, 404, 404)
    table["show own member", "shared"] = (404, 404, 404, 200, 200, 404, 404)
    table["show no member", "shared"] = (404,) * 7
    table["add member", "shared"] = (200, 403, 200, 403, 403, 404, 404)
    table["add member again", "shared"] = (409, 403, 409, 403, 403, 404, 404)
    table["answer", "shared"] = (403, 403, 200, 404, 404, 404, 404)
    table["answer own", "shared"] = (404, 404, 404, 200, 403, 404, 404)
    table["answer for no member", "shared"] = (404,) * 7
    table["remove member", "shared"] = (204, 403, 204, 404, 404, 404, 404)
    table["remove own", "shared"] = (404, 404, 404, 403, 403, 404, 404)
    table["remove no member", "shared"] = (404,) * 7
    return table


BY_ID = _by_id()


def act(person: Person, action: str, image_id: str, other: str) -> int:
    """Do it and return the code; ``other`` is a member that the person is not."""
    path = f"/v2/images/{image_id}"
    own = f"{path}/members/{person.project_id}"
    member = f"{path}/members/{other}"
    nobody = f"{path}/members/nobody"
    answer = {"status": "accepted"}
    calls: dict[str, Any] = {
        "show": lambda: person.get(path),
        "patch nothing": lambda: person.patch(image_id),
        "download": lambda: person.get(f"{path}/file"),
        "publish": lambda: person.set(image_id, visibility="public"),
        "patch": lambda: person.set(image_id, name="new"),
        "delete": lambda: person.delete(path),
        "add tag": lambda: person.put(f"{path}/tags/t"),
        "upload": lambda: person.put(f"{path}/file", data=b"x", content_type=OCTETS),
        "deactivate": lambda: person.post(f"{path}/actions/deactivate"),
        "reactivate": lambda: person.post(f"{path}/actions/reactivate"),
        "list members": lambda: person.get(f"{path}/members"),
        "show member": lambda: person.get(member),
        "show own member": lambda: person.get(own),
        "show no member": lambda: person.get(nobody),
        "add member": lambda: person.post(f"{path}/members", json={"member": "new"}),
        "add member again": lambda: person.post(f"{path}/members", json={"member": other}),
        "answer": lambda: person.put(member, json=answer),
        "answer own": lambda: person.put(own, json=answer),
        "answer for no member": lambda: person.put(nobody, json=answer),
        "remove member": lambda: person.delete(member),
        "remove own": lambda: person.delete(own),
        "remove no member": lambda: person.delete(nobody),
    }
    return int(calls[action]().status_code)


@pytest.fixture
def cast(service: Service) -> dict[str, Person]:
    return {
        "OWN": service.person("p1", "member"),
        "OWN-R": service.person("p1", "reader"),
        "ADM": service.person("elsewhere", "admin"),
        "MEM": service.person("p2", "member"),
        "MEM-R": service.person("p2", "reader"),
        "STR": service.person("p5", "member"),
        "STR-R": service.person("p5", "reader"),
    }


@pytest.mark.parametrize("action, kind", BY_ID, ids=" ".join)
def test_an_action_is_answered_as_the_table_says(
    service: Service, cast: dict[str, Person], action: str, kind: str
) -> None:
    codes = []
    for who in WHO:
        image_id = offered(service, kind)["id"]
        codes.append(act(cast[who], action, image_id, service.project("p4")))

    assert codes == list(BY_ID[action, kind])


@pytest.mark.parametrize("project", ["p2", "p3", "p4"], ids=["pending", "accepted", "rejected"])
def test_a_member_may_read_whatever_its_answer_is(service: Service, project: str) -> None:
    image_id = offered(service, "shared")["id"]
    member = service.person(project, "member")

    assert member.get(f"/v2/images/{image_id}").status_code == 200
    assert member.get(f"/v2/images/{image_id}/file").status_code == 200
    rows = member.get(f"/v2/images/{image_id}/members").json["members"]
    assert [row["member_id"] for row in rows] == [member.project_id]


def test_a_deactivated_image_is_downloaded_by_administrators_only(
    service: Service, cast: dict[str, Person]
) -> None:
    image_id = offered(service, "shared")["id"]
    cast["OWN"].post(f"/v2/images/{image_id}/actions/deactivate")

    codes = [act(cast[who], "download", image_id, "") for who in WHO]

    assert codes == [403, 403, 200, 403, 403, 404, 404]


def test_an_image_without_an_owner_is_nobodys(
    service: Service, cast: dict[str, Person]
) -> None:
    admin = cast["ADM"]
    private = admin.create(owner=None, visibility="private")["id"]
    public = admin.create(owner=None, visibility="public")["id"]

    assert [act(cast[who], "show", private, "") for who in WHO] == [404, 404, 200] + [404] * 4
    assert [act(cast[who], "show", public, "") for who in WHO] == [200] * 7
    assert [act(cast[who], "patch", public, "") for who in WHO] == [403, 403, 200] + [403] * 4
    assert cast["OWN"].ids("?visibility=all") == [public]


def test_the_picture_of_the_documentation_says_the_same() -> None:
    picture = ElementTree.parse(DOCS / "explanation" / "visibility.svg")
    drawn = {each.get("id"): each.text for each in picture.iter() if each.get("id")}
    asking = {"owner": "OWN", "admin": "ADM", "stranger": "STR"}

    for person in ("owner", "accepted", "pending", "rejected", "stranger", "admin"):
        listed = LISTS[""][PEOPLE.index(person)]
        for letter, kind in KINDS.items():
            code = BY_ID["show", kind][WHO.index(asking.get(person, "MEM"))]
            seen = "listed" if letter in listed else "by id" if code == 200 else "hidden"
            assert drawn[f"{kind}-{person}"] == seen, (kind, person)
