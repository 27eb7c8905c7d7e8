"""Copies of other databases and of object stores, made and put back as the page says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import backups
import databases
import object_store
import pytest
from people import Person, Service

pytestmark = pytest.mark.skipif(
    databases.KIND != "sqlite", reason="each kind is tried, whichever other tests use"
)

NAME = "золото 'quoted\\'"


def options(home: Path, database: str, **sections: Any) -> dict[str, dict[str, Any]]:
    return {
        "DEFAULT": {"state_path": str(home)},
        "database": {"connection": database},
        "glance_store": {"filesystem_store_datadir": f"{home}/images"},
        **sections,
    }


def filled(service: Service) -> list[Person]:
    """People of the service: one who owns images, one who has answered, one who has not."""
    alice, bob, carol = (service.person(name, "member") for name in ("p1", "p2", "p3"))
    for number in range(3):
        image = alice.active(b"%d" % number * 5000, name=NAME, n=str(number), tags=["a"])
        alice.share(image["id"], bob.project_id, carol.project_id)
        bob.answer(image["id"], "accepted" if number else "rejected")
    return [alice, bob, carol]


def seen_by(people: list[Person]) -> list[dict[str, Any]]:
    """What each of them sees, and is offered."""
    return [
        {**backups.everything(person), "": sorted(person.ids("?member_status=all"))}
        for person in people
    ]


def seen_again(service: Service, people: list[Person]) -> list[dict[str, Any]]:
    """What they see in another service, with the tokens that they have."""
    return seen_by([Person(service.app, each.token, each.project_id) for each in people])


@pytest.mark.parametrize(
    "kind, dump, restore",
    [("postgresql", "pg_dump", "pg_restore"), ("mariadb", "mariadb-dump", "mariadb")],
)
def test_a_restored_database_says_the_same(
    kind: str, dump: str, restore: str, tmp_path: Path
) -> None:
    databases.require(kind)
    home = tmp_path / "home"
    home.mkdir()
    service = Service(home, options(home, databases.new(tmp_path, kind)))
    people = filled(service)
    before = seen_by(people)
    machine = backups.Machine(tmp_path, home)
    machine.database = service.database_url
    machine.type(backups.script_with(dump))
    service.close()

    machine.database = databases.empty(tmp_path, kind)
    machine.configure(options(home, machine.database))
    machine.type(backups.script_with(restore))
    said = machine.type(backups.script_with("glance-shim"))
    again = Service(home, options(home, machine.database))
    after = seen_again(again, people)
    # A counter that began anew would give numbers that are taken.
    people[0] = Person(again.app, people[0].token, people[0].project_id)
    people[0].share(people[0].active()["id"], "somebody")
    again.close()

    assert "everything is in order" in said
    assert after == before
    assert [len(each) for each in before] == [4, 3, 1]


def test_a_copy_of_a_bucket_serves_the_same_bytes(
    tmp_path: Path, engine: object_store.Swift, bucket: str
) -> None:
    home, copy = tmp_path / "home", f"{bucket}-copy"
    home.mkdir()
    database = databases.new(tmp_path)

    def in_bucket(name: str, prefix: str) -> dict[str, dict[str, Any]]:
        section = engine.options(name, s3_store_prefix=prefix)
        made = options(home, database, big=section)
        made["DEFAULT"]["enabled_backends"] = {"big": "s3"}
        return made

    service = Service(home, in_bucket(bucket, "old/"))
    people = filled(service)
    before = seen_by(people)
    service.deployment.database.close_all()
    client = engine.client()
    client.create_bucket(Bucket=copy)
    for key in engine.objects(bucket):
        client.copy_object(
            Bucket=copy,
            Key=key.replace("old/", "new/"),
            CopySource={"Bucket": bucket, "Key": key},
        )
        client.delete_object(Bucket=bucket, Key=key)

    machine = backups.Machine(tmp_path, home)
    machine.configure(in_bucket(copy, "new/"))
    said = machine.type(backups.script_with("glance-shim"))
    again = Service(home, in_bucket(copy, "new/"))
    after = seen_again(again, people)
    again.close()

    assert "everything is in order" in said
    assert after == before
    assert [len(each) for each in before] == [4, 3, 1]
