"""Showing and deleting images."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest
from people import OCTETS, Person, Service

UNKNOWN = "c0ffee00-0000-4000-8000-000000000000"


@pytest.mark.parametrize("image_id", ["nope", UNKNOWN, f"{UNKNOWN}x", "%20", "a" * 300])
def test_an_image_that_is_not_there_is_not_found(alice: Person, image_id: str) -> None:
    for response in (
        alice.get(f"/v2/images/{image_id}"),
        alice.delete(f"/v2/images/{image_id}"),
        alice.set(image_id, name="x"),
    ):
        assert response.status_code == 404


def test_odd_forms_of_a_path_lead_nowhere(alice: Person) -> None:
    image_id = alice.create()["id"]

    for path in (f"{image_id}/", f"{image_id}.json", image_id.upper() + "-"):
        assert alice.get(f"/v2/images/{path}").status_code == 404
    assert alice.get(f"/v2/images/{image_id}?unknown=1").status_code == 200
    assert alice.request("HEAD", f"/v2/images/{image_id}").status_code == 405


def test_a_body_is_refused_before_anything_is_looked_up(alice: Person) -> None:
    image_id = alice.create()["id"]

    for path in (f"/v2/images/{image_id}", f"/v2/images/{UNKNOWN}"):
        assert alice.get(path, json={}).status_code == 400
        assert alice.delete(path, json={}).status_code == 400
    assert alice.show(image_id)


def test_a_deleted_image_is_gone_with_its_data(
    service: Service, alice: Person, admin: Person
) -> None:
    image = alice.active()
    path = f"/v2/images/{image['id']}"

    response = alice.delete(path)

    assert (response.status_code, response.data) == (204, b"")
    assert service.blobs() == []
    for person in (alice, admin):
        assert person.get(path).status_code == 404
        assert person.delete(path).status_code == 404
        assert person.get(f"{path}/file").status_code == 404


def test_a_protected_image_is_deleted_by_nobody(alice: Person, admin: Person) -> None:
    image_id = alice.create(protected=True)["id"]

    for person in (alice, admin):
        response = person.delete(f"/v2/images/{image_id}")
        assert response.status_code == 403
        assert "protected" in response.json["error"]["message"]
    alice.set(image_id, protected=False)
    assert alice.delete(f"/v2/images/{image_id}").status_code == 204


def test_memberships_go_with_the_image(service: Service, alice: Person, bob: Person) -> None:
    image_id = alice.create()["id"]
    alice.share(image_id, str(bob.project_id))
    alice.delete(f"/v2/images/{image_id}")

    assert bob.ids("?member_status=all") == []


class Deletes(io.BytesIO):
    """Data in whose middle the image is deleted."""

    def __init__(self, person: Person, image_id: str) -> None:
        super().__init__(b"x" * 100)
        self.delete = lambda: person.delete(f"/v2/images/{image_id}")

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() == 0:
            # On a thread of its own, as another client's request would be.
            deleting = threading.Thread(target=self.delete)
            deleting.start()
            deleting.join()
        return super().read(10)


def test_deleting_wins_over_an_upload(service: Service, alice: Person) -> None:
    image_id = alice.create()["id"]
    other = service.person("p1", "member")

    response = alice.put(
        f"/v2/images/{image_id}/file",
        input_stream=Deletes(other, image_id),
        headers={"Content-Length": "100"},
        content_type=OCTETS,
    )

    assert response.status_code == 410
    assert service.blobs() == []


def test_data_stays_for_a_while_where_the_operator_says_so(make_service: Any) -> None:
    service = make_service(delayed_delete=True, scrub_time=3600)
    alice = service.person("p1", "member")
    image = alice.active()

    assert alice.delete(f"/v2/images/{image['id']}").status_code == 204
    assert alice.get(f"/v2/images/{image['id']}").status_code == 404
    assert len(service.blobs()) == 1
