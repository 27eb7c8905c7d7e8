"""What others are told of, when, and in which words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from metadef_catalog import ask
from people import Person, Service
from web_source import web

from glance_shim.core import events
from glance_shim.db import connection

IMAGE = {
    "id",
    "name",
    "status",
    "created_at",
    "updated_at",
    "min_disk",
    "min_ram",
    "protected",
    "checksum",
    "owner",
    "disk_format",
    "container_format",
    "size",
    "virtual_size",
    "is_public",
    "visibility",
    "properties",
    "tags",
    "deleted",
    "deleted_at",
}
TASK = {
    "id",
    "type",
    "status",
    "result",
    "owner",
    "message",
    "expires_at",
    "created_at",
    "updated_at",
    "deleted",
    "deleted_at",
}


class Told:
    """The messages of one notifier, as a driver gets them."""

    def __init__(self, notifier: Any) -> None:
        self._notifier = notifier
        self._messages: list[dict[str, Any]] = []
        self._before = notifier._drivers
        notifier._drivers = [self._messages.append]

    def forget(self) -> None:
        self.all()
        self._messages.clear()

    def all(self) -> list[dict[str, Any]]:
        self._notifier.flush()
        assert {message["event_type"] for message in self._messages} <= events.EVENTS.keys()
        return self._messages

    def types(self) -> list[str]:
        return [message["event_type"] for message in self.all()]

    def only(self, event_type: str) -> Any:
        """The payload of the one message of that type."""
        (message,) = [each for each in self.all() if each["event_type"] == event_type]
        return message["payload"]

    def restore(self) -> None:
        self._notifier._drivers = self._before


@pytest.fixture
def service(make_service: Any, reaching: dict[str, Any]) -> Service:
    return make_service(
        enabled_backends={"fast": "file", "cheap": "file", "web": "http"},
        image_size_cap=3000,
        import_filtering_opts=reaching,
        show_multiple_locations=True,
    )


@pytest.fixture
def told(service: Service) -> Iterator[Told]:
    told = Told(service.deployment.notifier)
    yield told
    told.restore()


def test_a_message_has_an_envelope(told: Told, alice: Person) -> None:
    alice.create(name="x")
    (message,) = told.all()

    assert set(message) == {
        *("message_id", "publisher_id", "event_type", "priority", "timestamp", "payload"),
    }
    assert message["publisher_id"] == "image.localhost"
    assert message["priority"] == "INFO"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", message["timestamp"])
    json.dumps(message)


def test_the_life_of_an_image(told: Told, service: Service, alice: Person) -> None:
    image = alice.create(name="x", tags=["t"], os_distro="debian")
    payload = told.only("image.create")
    assert set(payload) == IMAGE
    assert payload["properties"] == {"os_distro": "debian"}
    assert (payload["is_public"], payload["deleted"], payload["deleted_at"]) == (
        False,
        False,
        None,
    )
    told.forget()
    alice.upload(image["id"])
    assert told.types() == ["image.prepare", "image.upload", "image.activate", "image.update"]
    prepared = told.only("image.prepare")
    assert set(prepared) == IMAGE | {
        *("os_glance_importing_to_stores", "os_glance_failed_import", "backend"),
    }
    assert prepared["backend"] == "fast"
    assert "backend" not in told.only("image.upload")
    assert told.only("image.activate")["status"] == "active"
    told.forget()

    alice.set(image["id"], name="y")
    alice.put(f"/v2/images/{image['id']}/tags/u")
    alice.delete(f"/v2/images/{image['id']}/tags/u")
    alice.post(f"/v2/images/{image['id']}/actions/deactivate")
    alice.post(f"/v2/images/{image['id']}/actions/deactivate")
    assert told.types() == ["image.update"] * 4
    assert told.all()[0]["payload"]["name"] == "y"
    told.forget()
    alice.delete(f"/v2/images/{image['id']}")
    deleted = told.only("image.delete")
    assert (deleted["status"], deleted["deleted"]) == ("deleted", True)
    assert deleted["deleted_at"]


def test_a_download_is_told_of_with_what_was_sent(
    told: Told, alice: Person, bob: Person
) -> None:
    image = alice.active(b"0123456789", visibility="community")
    told.forget()
    path = f"/v2/images/{image['id']}/file"
    for headers, data in (({}, b"0123456789"), ({"Range": "bytes=2-4"}, b"234")):
        response = bob.get(path, headers=headers)
        assert response.data == data
        response.close()

    first, second = told.all()
    assert first["payload"] == {
        "bytes_sent": 10,
        "image_id": image["id"],
        "owner_id": alice.project_id,
        "receiver_tenant_id": bob.project_id,
        "receiver_user_id": first["payload"]["receiver_user_id"],
    }
    assert (second["payload"]["bytes_sent"], second["priority"]) == (3, "INFO")


def test_members_come_and_go(told: Told, alice: Person, bob: Person) -> None:
    image = alice.create()
    told.forget()
    alice.share(image["id"], bob.project_id or "")
    bob.answer(image["id"], "accepted")
    alice.delete(f"/v2/images/{image['id']}/members/{bob.project_id}")

    assert told.types() == [f"image.member.{what}" for what in ("create", "update", "delete")]
    payload = told.only("image.member.update")
    assert (payload["member_id"], payload["status"]) == (bob.project_id, "accepted")
    assert set(payload) == {
        *("image_id", "member_id", "status", "created_at", "updated_at"),
        *("deleted", "deleted_at"),
    }
    assert told.only("image.member.delete")["deleted"] is True


def test_an_import_to_two_stores(told: Told, service: Service, alice: Person) -> None:
    image = alice.create()
    alice.stage(image["id"])
    told.forget()
    alice.import_(image["id"], all_stores=True)
    service.work()
    types = [each for each in told.types() if each != "image.update"]

    assert types == [
        *("task.create", "task.processing"),
        *("image.prepare", "image.upload"),
        *("image.prepare", "image.upload", "image.activate"),
        *("task.success", "task.run"),
    ]
    task = told.only("task.success")
    assert set(task) == TASK
    assert (task["result"], task["message"], task["type"]) == (None, None, "api_image_import")
    assert task["expires_at"]
    assert told.only("task.run")["status"] == "pending"
    assert told.types()[-3] == "image.update"


def test_an_import_that_fails_says_so(
    told: Told, service: Service, alice: Person, source: str
) -> None:
    image = alice.create()
    alice.stage(image["id"])
    told.forget()
    alice.import_(image["id"], stores=["web", "cheap"], all_stores_must_succeed=False)
    service.work()
    failed, kept = [each for each in told.all() if each["event_type"] == "image.upload"]
    assert (failed["priority"], kept["priority"]) == ("ERROR", "INFO")
    assert isinstance(failed["payload"], str)
    assert "task.success" in told.types()

    other = alice.create()
    told.forget()
    alice.import_(other["id"], web(source, "/absent"))
    service.work()
    assert "task.failure" in told.types()
    assert "image.activate" not in told.types()


def test_an_upload_that_fails_is_an_error(told: Told, alice: Person) -> None:
    image = alice.create(disk_format="qcow2")
    told.forget()
    assert alice.upload(image["id"], b"no qcow2").status_code == 415

    assert told.types() == ["image.prepare", "image.upload"]
    assert told.all()[1]["priority"] == "ERROR"
    assert image["id"] in told.only("image.upload")


def test_what_is_refused_is_not_told(told: Told, alice: Person, bob: Person) -> None:
    image = alice.create(protected=True)
    told.forget()
    alice.delete(f"/v2/images/{image['id']}")
    alice.set(image["id"], visibility="public")
    bob.set(image["id"], name="x")
    alice.post("/v2/images", json={"id": image["id"]})
    alice.post(f"/v2/images/{image['id']}/members", json={})

    assert told.types() == []


def test_nothing_is_told_of_what_is_rolled_back(told: Told, service: Service) -> None:
    notifier = service.deployment.notifier

    class Trouble(Exception):
        pass

    with connection.connected(service.deployment.database):
        with pytest.raises(Trouble), connection.writing():
            connection.after_commit(lambda: notifier.emit("image.update", {}))
            raise Trouble
        assert told.types() == []
        with connection.writing():
            with connection.writing():
                connection.after_commit(lambda: notifier.emit("image.update", {}))
            assert told.types() == []
        assert told.types() == ["image.update"]


def test_no_secret_and_no_location_is_told(
    told: Told, service: Service, alice: Person, source: str
) -> None:
    image = alice.create()
    alice.patch(
        image["id"],
        {
            "op": "add",
            "path": "/locations/-",
            "value": {"url": f"{source}/data", "metadata": {}},
        },
    )
    alice.get(f"/v2/images/{image['id']}/file")
    text = json.dumps(told.all())

    assert "image.activate" in told.types()
    assert source not in text
    assert alice.token not in text


def test_metadata_definitions(told: Told, service: Service) -> None:
    admin = service.person("p1", "admin")
    text = {"type": "string", "title": "T"}
    ask(
        admin,
        "POST ",
        {
            "namespace": "N",
            "properties": {"p": text},
            "objects": [{"name": "o", "properties": {"x": text}}],
            "tags": [{"name": "t"}],
            "resource_type_associations": [{"name": "R", "prefix": "r_"}],
        },
    )
    assert told.types() == [
        "metadef_namespace.create",
        "metadef_resource_type.create",
        "metadef_object.create",
        "metadef_tag.create",
        "metadef_property.create",
    ]
    assert told.only("metadef_resource_type.create")["prefix"] == "r_"
    (listed,) = told.only("metadef_object.create")["properties"]
    assert (listed["name"], listed["type"], listed["enum"]) == ("x", "string", None)
    assert told.only("metadef_property.create")["confidential"] is None
    told.forget()

    ask(admin, "PUT N/tags/t", {"name": "u"})
    ask(admin, "PUT N/objects/o", {"name": "o"})
    ask(admin, "POST N/tags", {"tags": [{"name": "a"}, {"name": "b"}]})
    ask(admin, "DELETE N/properties")
    ask(admin, "DELETE N/resource_types/R")
    ask(admin, "PUT N", {"namespace": "M"})
    ask(admin, "DELETE M")
    assert told.types() == [
        "metadef_tag.update",
        "metadef_object.update",
        "metadef_tag.create",
        "metadef_tag.create",
        "metadef_namespace.delete_properties",
        "metadef_resource_type.delete",
        "metadef_namespace.update",
        "metadef_namespace.delete",
    ]
    renamed = told.only("metadef_tag.update")
    assert (renamed["name"], renamed["name_old"]) == ("u", "t")
    moved = told.only("metadef_namespace.update")
    assert (moved["namespace"], moved["namespace_old"]) == ("M", "N")
    assert told.only("metadef_namespace.delete")["deleted"] is True
