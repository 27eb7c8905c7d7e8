"""How many statements an answer takes, however much there is."""

from __future__ import annotations

from typing import Any

import crowd
import peewee
import pytest
from databases import counted, waits
from people import Person, Service


def statements(service: Service, person: Person, path: str) -> int:
    with counted(service.deployment.database) as seen:
        assert person.get(path).status_code == 200
    return len(seen)


# One validates the token, one reads the page or the image.
EXPECTED = 2


@pytest.mark.parametrize("count, properties", [(0, 0), (1, 1), (25, 20), (40, 20)])
def test_a_list_takes_the_same_statements_whatever_it_holds(
    service: Service, alice: Person, count: int, properties: int
) -> None:
    for number in range(count):
        custom = {f"p{n}": "v" for n in range(properties)}
        alice.create(name=str(number), tags=["a", "b"], **custom)

    assert statements(service, alice, "/v2/images") == EXPECTED
    # It is asked first whether few images meet one of these filters.
    assert statements(service, alice, "/v2/images?limit=40&p1=v&tag=a") == EXPECTED + 1
    assert statements(service, alice, "/v2/images?visibility=all") == EXPECTED


def test_showing_an_image_takes_the_same_statements(service: Service, alice: Person) -> None:
    image = alice.create(**{f"p{n}": "v" for n in range(20)})

    assert statements(service, alice, f"/v2/images/{image['id']}") == EXPECTED


def test_changes_take_few_statements(
    service: Service, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Once in so many writes of the process, whoever's turn that is.
    monkeypatch.setattr("glance_shim.core.activity_log.TRIM_EVERY", 1 << 30)
    database, bob = service.deployment.database, service.person("p2", "member")
    taken, waited = {}, {}

    def count(what: str, method: Any, *args: Any, **kwargs: Any) -> Any:
        with counted(database) as seen, waits(database) as waiting:
            answer = method(*args, **kwargs)
        taken[what], waited[what] = len(seen), len(waiting)
        return answer

    alice.create()
    image_id = count("create", alice.create)["id"]
    count("change", alice.set, image_id, name="other")
    count("offer", alice.share, image_id, bob.project_id)
    count("accept", bob.answer, image_id, "accepted")
    count("members", alice.get, f"/v2/images/{image_id}/members")
    count("take back", alice.delete, f"/v2/images/{image_id}/members/{bob.project_id}")
    count("delete", alice.delete, f"/v2/images/{image_id}")

    assert taken == {
        # The token, the limits, the image, who did it; nothing is held without a limit.
        "create": 4,
        # The token, the image, its row, who did it.
        "change": 4,
        # How many members there are, besides.
        "offer": 5,
        # The member, besides; so when it is taken back.
        "accept": 5,
        "members": 3,
        "take back": 5,
        # The token, the image, its row, and what hangs on it in five tables.
        "delete": 8,
    }
    # To begin goes with what comes first, and to commit takes along what need not be known.
    if database.kind == "postgresql":
        assert waited == {
            "create": 4,
            "change": 3,
            "offer": 5,
            "accept": 4,
            "members": 3,
            "take back": 4,
            "delete": 4,
        }


def test_data_of_a_known_length_takes_the_same_statements_however_long_it_is(
    service: Service, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glance_shim.stores.streams.EVERY_BYTES", 1)
    monkeypatch.setattr("glance_shim.stores.streams.EVERY_SECONDS", 600.0)
    # Once in so many writes of the process, whoever's turn that is.
    monkeypatch.setattr("glance_shim.core.activity_log.TRIM_EVERY", 1 << 30)
    counts = []
    for size in (10, 3 * 1024 * 1024):
        image = alice.create()
        with counted(service.deployment.database) as seen:
            assert alice.upload(image["id"], bytes(size)).status_code == 204
        counts.append(len(seen))

    assert counts[0] == counts[1]


@pytest.fixture
def crowded(make_service: Any) -> Service:
    """A service with 100,000 images of p1, each with a property."""
    service: Service = make_service(limit_param_default=26)
    crowd.fill(service.deployment.database, 100_000, [service.project("p1")], 1, 0)
    return service


def test_a_page_deep_in_many_images_takes_the_same_statements(crowded: Service) -> None:
    alice = crowded.person("p1", "member")
    marker = crowd.identity(50_000)

    assert statements(crowded, alice, "/v2/images") == EXPECTED
    # The marker is looked up among what is visible.
    assert statements(crowded, alice, f"/v2/images?marker={marker}") == EXPECTED + 1
    page = alice.get(f"/v2/images?marker={marker}").json["images"]
    assert [image["name"] for image in page] == [
        f"image {n}" for n in range(49_999, 49_973, -1)
    ]


def test_what_was_asked_before_is_not_composed_again(
    service: Service, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = service.person("p2", "member")
    composed: list[int] = []
    begin = peewee.Database.get_sql_context

    def counting(self: Any, **options: Any) -> Any:
        composed.append(1)
        return begin(self, **options)

    def ask() -> None:
        """Everything that is asked often, as two persons."""
        image = alice.create(tags=["a"], p1="v")
        alice.create()
        alice.share(image["id"], bob.project_id)
        bob.answer(image["id"], "accepted")
        assert alice.set(image["id"], visibility="private").status_code == 200
        assert alice.set(image["id"], visibility="shared").status_code == 200
        for query in ("", "?limit=1", "?p1=v&tag=a&name=in:a,b", "?sort=name:asc"):
            assert bob.ids(query) is not None
            assert alice.ids(query) is not None
        members = f"/v2/images/{image['id']}/members"
        assert alice.get(members).status_code == 200
        assert alice.delete(f"{members}/{bob.project_id}").status_code == 204
        assert alice.delete(f"/v2/images/{image['id']}").status_code == 204

    # What is done once in so many writes is done each time.
    monkeypatch.setattr("glance_shim.core.activity_log.TRIM_EVERY", 1)
    ask()
    monkeypatch.setattr(peewee.Database, "get_sql_context", counting)
    ask()

    assert not composed
