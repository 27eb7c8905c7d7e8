"""Two who do what only one can do."""

from __future__ import annotations

import functools
import hashlib
import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest
from bodies import arriving
from people import Person, Service
from together import PATIENCE, codes, rounds, together

MIB = 1 << 20


@pytest.fixture
def again(service: Service) -> Person:
    """Another member of alice's project."""
    return service.person("p1", "member")


def test_T_RACE_1_of_many_uploads_one_is_the_image(service: Service, alice: Person) -> None:
    crowd = [service.person("p1", "member") for _ in range(16)]
    bodies = [bytes([number]) * 100_000 for number in range(16)]
    for _ in rounds(3):
        image_id = alice.create()["id"]
        pairs = zip(crowd, bodies, strict=True)
        answers = codes(*(functools.partial(p.upload, image_id, data) for p, data in pairs))

        assert sorted(answers) == [204] + [409] * 15
        winner = bodies[answers.index(204)]
        assert alice.show(image_id)["os_hash_value"] == hashlib.sha512(winner).hexdigest()
        assert alice.get(f"/v2/images/{image_id}/file").data == winner
        assert alice.delete(f"/v2/images/{image_id}").status_code == 204
        assert service.blobs() == []


@pytest.mark.parametrize("how", ["file", "stage"])
@pytest.mark.parametrize("at", [0, 1, 15, 16, 17, 33, 48])
def test_T_RACE_3_a_deletion_ends_an_upload(
    service: Service, alice: Person, again: Person, used: Any, at: int, how: str
) -> None:
    image_id = alice.create()["id"]
    block, taken = b"x" * MIB, itertools.count()

    def deleted() -> None:
        assert again.delete(f"/v2/images/{image_id}").status_code == 204

    def count() -> None:
        next(taken)

    parts: list[Any] = []
    for number in range(48):
        parts += [deleted] if number == at else []
        parts += [block, count]
    parts += [deleted] if at == 48 else []
    response = alice.put(f"/v2/images/{image_id}/{how}", **arriving(*parts))

    assert response.status_code == 410
    assert next(taken) <= min(48, at + 17)
    assert service.blobs() == service.staged() == []
    assert used(alice)["image_size_total"] == used(alice)["image_count_uploading"] == 0


@pytest.fixture
def used() -> Callable[[Person], dict[str, int]]:
    """What a project uses, by limit."""

    def ask(person: Person) -> dict[str, int]:
        usage = person.get("/v2/info/usage").json["usage"]
        return {name: each["usage"] for name, each in usage.items()}

    return ask


@pytest.fixture
def limited(limit: Any, alice: Person) -> None:
    """Limits that nobody reaches, so that what is used is told."""
    limit(
        alice, image_size_total=10_000, image_count_total=10_000, image_count_uploading=10_000
    )


def test_T_RACE_6_who_is_taken_off_cannot_accept(
    alice: Person, bob: Person, limited: None
) -> None:
    image_id = alice.create()["id"]
    path = f"/v2/images/{image_id}/members/{bob.project_id}"
    for _ in rounds(30):
        alice.share(image_id, str(bob.project_id))
        accepted, removed = codes(
            lambda: bob.put(path, json={"status": "accepted"}), lambda: alice.delete(path)
        )

        assert removed == 204
        assert accepted in (200, 404)
        assert alice.get(f"/v2/images/{image_id}/members").json["members"] == []
        assert bob.get(f"/v2/images/{image_id}").status_code == 404
        assert bob.ids("?visibility=shared&member_status=all") == []


def test_T_RACE_7_what_is_private_again_is_in_no_list(
    service: Service, alice: Person, bob: Person
) -> None:
    admin = service.person("p1", "admin")
    image_id = alice.create()["id"]
    # Odd while a change is on its way; else half of it says how many have been made.
    moment, done, looked = [0], [], threading.Event()

    def publish_and_hide() -> None:
        for visibility in ["public", "private"] * len(rounds(20)):
            moment[0] += 1
            assert admin.set(image_id, visibility=visibility).status_code == 200
            moment[0] += 1
            looked.clear()
            assert looked.wait(PATIENCE)
        done.append(True)

    def look() -> int:
        judged = 0
        while not done:
            before = moment[0]
            listed, shown = bob.ids(), bob.get(f"/v2/images/{image_id}").status_code
            if before == moment[0] and before % 2 == 0:
                public = before // 2 % 2 == 1
                assert (listed == [image_id], shown == 200) == (public, public)
                looked.set()
                judged += 1
        return judged

    assert together(publish_and_hide, look)[1] >= 2 * len(rounds(20))


def test_T_RACE_8_of_many_changes_none_is_lost(service: Service, alice: Person) -> None:
    crowd = [service.person("p1", "member") for _ in range(12)]
    for _ in rounds(3):
        image_id = alice.create()["id"]

        def add(person: Person, name: str, image_id: str = image_id) -> Any:
            return person.patch(image_id, {"op": "add", "path": f"/{name}", "value": name})

        names = [f"p{number}" for number in range(12)]
        answers = codes(
            *(lambda p=p, n=n: add(p, n) for p, n in zip(crowd, names, strict=True))
        )

        assert answers == [200] * 12
        assert {name: name for name in names}.items() <= alice.show(image_id).items()


def test_T_RACE_9_what_is_protected_is_not_deleted(alice: Person, again: Person) -> None:
    for _ in rounds(30):
        image_id = alice.create()["id"]
        answers = codes(
            lambda i=image_id: alice.set(i, protected=True),
            lambda i=image_id: again.delete(f"/v2/images/{i}"),
        )

        assert answers in ([200, 403], [404, 204])
        assert alice.get(f"/v2/images/{image_id}").status_code == answers[0]


RIVALS: dict[str, Callable[[Person, Person, str], Any]] = {
    "delete": lambda member, admin, image_id: member.delete(f"/v2/images/{image_id}"),
    "deactivate": lambda member, admin, image_id: admin.post(
        f"/v2/images/{image_id}/actions/deactivate"
    ),
    "import": lambda member, admin, image_id: member.import_(image_id),
    "stage": lambda member, admin, image_id: member.stage(image_id, b"other"),
    "upload": lambda member, admin, image_id: member.upload(image_id, b"other"),
}


@pytest.mark.parametrize("rival", RIVALS)
def test_T_RACE_5_an_import_and_what_comes_between(
    service: Service, alice: Person, again: Person, used: Any, limited: None, rival: str
) -> None:
    admin = service.person("p1", "admin")
    for number in rounds(6):
        image_id = alice.create()["id"]
        assert alice.stage(image_id, b"staged").status_code == 204

        def work() -> None:
            service.work()

        if number % 2:
            # The rival meets the request for the import.
            answers = codes(
                lambda i=image_id: alice.import_(i),
                lambda i=image_id: RIVALS[rival](again, admin, i),
            )
            service.work()
        else:
            # The rival meets the work.
            answers = [alice.import_(image_id).status_code]
            met = together(work, lambda i=image_id: RIVALS[rival](again, admin, i))
            answers.append(met[1].status_code)
            service.work()
        assert set(answers) <= {202, 204, 403, 404, 409}, answers
        shown = alice.get(f"/v2/images/{image_id}")
        if shown.status_code == 404:
            assert rival == "delete"
        else:
            assert shown.json["status"] in ("active", "deactivated"), (answers, shown.json)
            assert admin.get(f"/v2/images/{image_id}/file").data == b"staged"
            assert alice.delete(f"/v2/images/{image_id}").status_code == 204
        assert service.blobs() == service.staged() == []
    assert used(alice)["image_count_total"] == used(alice)["image_size_total"] == 0


def test_N_30_every_status_is_counted_once(
    service: Service, alice: Person, used: Any, limited: None
) -> None:
    admin = service.person("p1", "admin")
    queued, staged = alice.create()["id"], alice.create()["id"]
    assert alice.stage(staged, b"x" * MIB).status_code == 204
    active, blocked = alice.active(b"x" * MIB)["id"], alice.active(b"x" * MIB)["id"]
    assert admin.post(f"/v2/images/{blocked}/actions/deactivate").status_code == 204
    assert used(alice)["image_count_total"] == 4

    for left, image_id in ((3, queued), (2, staged), (1, active), (0, blocked)):
        answers = codes(*[lambda i=image_id: alice.delete(f"/v2/images/{i}")] * 4)
        assert sorted(answers) == [204, 404, 404, 404]
        assert used(alice)["image_count_total"] == left
    assert used(alice)["image_size_total"] == used(alice)["image_stage_total"] == 0
    assert service.blobs() == service.staged() == []
