"""Two services: one whose catalogue is brought to the other, over the network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import catalogs
import pytest
from two_services import Place

from glance_shim import clock

PROJECTS = ("p1", "p2", "p3")


@pytest.fixture
def make_place(make_service: Any) -> Iterator[Any]:
    made: list[Place] = []

    def make(**options: Any) -> Place:
        made.append(Place(make_service(**options)))
        return made[-1]

    yield make
    for place in made:
        place.close()


@pytest.fixture
def there(make_place: Any) -> Place:
    """A service with nothing in it."""
    return make_place(image_tag_quota=129)


@pytest.fixture
def here(make_place: Any) -> Place:
    """Another service with nothing in it."""
    return make_place(image_tag_quota=130)


@pytest.fixture
def last_year(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``last_year(place, count)``: fill a catalogue at another time; the ids."""

    def fill(place: Place, count: int) -> list[str]:
        people = [place.service.person(name, "member") for name in PROJECTS]
        logins = {person.project_id or "": place.login(person) for person in people}
        now = clock.source
        with monkeypatch.context() as patch:
            # Tokens that were just made are good at that time, too.
            patch.setattr(clock, "source", lambda: now() - 600)
            return catalogs.fill(place.http, logins, count)

    return fill
