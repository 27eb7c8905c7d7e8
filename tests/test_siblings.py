"""How the processes of one server share clients out."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from glance_shim.siblings import MOST_READ, Siblings, sends_data


@pytest.fixture
def client() -> Iterator[socket.socket]:
    ends = socket.socketpair()
    with contextlib.closing(ends[0]), contextlib.closing(ends[1]):
        yield ends[0]


def with_connections(*connections: int) -> Siblings:
    """Processes with so many each, and room for one transfer."""
    siblings = Siblings(len(connections), 1)
    for place, number in enumerate(connections):
        siblings.tell(place, number)
    return siblings


def received(siblings: Siblings, place: int) -> bytes | None:
    """What has come from the client that was handed to the place."""
    given = siblings.receive(place)
    if given is None:
        return None
    given[0].close()
    return given[1]


def test_each_process_takes_the_place_that_the_fewest_have():
    siblings = Siblings(3, 1)
    assert siblings.place([]) == 0
    assert siblings.place([0, 2]) == 1
    # While a server is told to begin anew, there are twice as many for a moment.
    assert siblings.place([0, 1, 2, 0, 2]) == 1


def test_a_process_knows_whether_another_has_fewer_connections():
    siblings = Siblings(2, 1)
    assert not siblings.are_fewer_elsewhere(3)
    siblings.tell(0, 3)
    siblings.tell(1, 4)
    assert not siblings.are_fewer_elsewhere(3)
    assert siblings.are_fewer_elsewhere(4)
    siblings.forget(0)
    assert not siblings.are_fewer_elsewhere(4)


@pytest.mark.parametrize(("number", "halves"), [(1, "D"), (2, "SD"), (3, "SDD"), (4, "SSDD")])
def test_the_second_half_of_the_places_is_for_data(number: int, halves: str):
    siblings = with_connections(*[0] * number)
    stays = [siblings.where(place, for_data=True) == place for place in range(number)]
    assert "".join("SD"[each] for each in stays) == halves
    assert all(siblings.where(place, for_data=False) == place for place in range(number))


def test_data_goes_to_the_least_busy_of_its_half():
    siblings = with_connections(0, 0, 7, 5, 6)
    assert siblings.where(0, for_data=True) == 3
    siblings.forget(3)
    assert siblings.where(0, for_data=True) == 4


def test_data_goes_to_the_other_half_while_its_own_has_no_room():
    siblings = with_connections(5, 4, 0, 0)
    for place in (2, 3):
        siblings.tell(place, 1, uploads=1)
    assert [siblings.where(place, for_data=True) for place in range(4)] == [0, 1, 1, 1]
    siblings.tell(1, 4, uploads=1)
    assert [siblings.where(place, for_data=True) for place in range(4)] == [0, 0, 0, 0]
    siblings.tell(0, 4, downloads=1)
    assert [siblings.where(place, for_data=True) for place in range(4)] == [0, 1, 2, 3]


def test_what_is_small_goes_where_no_data_is_taken():
    siblings = with_connections(5, 4, 1, 0)
    siblings.tell(2, 1, uploads=1)
    assert [siblings.where(place, for_data=False) for place in range(4)] == [0, 1, 1, 3]
    siblings.forget(1)
    assert siblings.where(2, for_data=False) == 0
    siblings.forget(0)
    assert siblings.where(2, for_data=False) == 2


def test_one_that_was_handed_over_counts_at_once(client: socket.socket):
    siblings = with_connections(0, 0, 0, 0)
    for expected in (2, 3, 0, 1):
        place = siblings.where(0, for_data=True)
        assert place == expected
        assert siblings.hand_over(place, client, b"data", for_data=True)
        assert received(siblings, place) == b"data"
        assert received(siblings, place) is None


def test_what_was_handed_over_is_the_same_client(client: socket.socket):
    siblings = with_connections(0, 0)
    here, there = socket.socketpair()
    assert siblings.hand_over(1, there, b"come", for_data=True)
    there.close()
    given = siblings.receive(1)
    assert given is not None
    with contextlib.closing(given[0]), contextlib.closing(here):
        given[0].sendall(b"answer")
        assert here.recv(6) == b"answer"


def test_no_more_is_handed_over_than_there_is_room_for(client: socket.socket):
    siblings = with_connections(0, 0)
    assert not siblings.hand_over(1, client, bytes(MOST_READ + 1), for_data=True)
    handed = 0
    while siblings.hand_over(1, client, b"", for_data=True):
        handed += 1
    assert handed
    taken = 0
    while received(siblings, 1) is not None:
        taken += 1
    assert taken == handed


HEAD = b"PUT /v2/images/1/file HTTP/1.1\r\nHost: here\r\n"


@pytest.mark.parametrize(
    ("come", "expected"),
    [
        (HEAD + b"Content-Length: 100000\r\n\r\n", True),
        (HEAD + b"content-length:1073741824\r\nA: b\r\n\r\nbegin", True),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", True),
        (HEAD + b"Content-Length: 99999\r\n\r\n", False),
        (HEAD + b"Content-Length: 0099999\r\n\r\n", False),
        (HEAD + b"Content-Length: 0100000\r\n\r\n", True),
        (HEAD + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n", True),
        (HEAD + b"Content-Length: 2\r\n\r\n\r\nTransfer-Encoding: chunked\r\n\r\n", False),
        (HEAD + b"X-Content-Length: 100000\r\n\r\n", False),
        (HEAD + b"Content-Length: 100000\r\n", False),
        (b"", False),
    ],
)
def test_much_data_is_known_by_the_head(come: bytes, expected: bool):
    assert sends_data(come) is expected
