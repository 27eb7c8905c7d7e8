"""What the processes of one server know of each other, and how they share clients out."""

from __future__ import annotations

import mmap
import re
import socket
from collections.abc import Iterable

# What no process has.
NOT_THERE = 2**32 - 1

# As much of a request as is read at once, and as goes with its connection.
MOST_READ = 8192

# A body of so many bytes, or of chunks, is worth a process of its own, and so is one that is
# sent only when told to. Of all others a request is answered once they have come whole.
LEAST_DATA = 100_000
DATA = re.compile(
    rb"\r\ncontent-length:[ \t]*0*[1-9][0-9]{5}|\r\n(?:transfer-encoding|expect):",
    re.IGNORECASE,
)


class Siblings:
    """Up to ``number`` processes, forked after this was made; each takes a place.

    The second half of the places is for data that clients send. Whoever hashes it holds up
    all that is small in the same process.
    """

    def __init__(self, number: int, most_transfers: int) -> None:
        self._number = number
        self._most_transfers = most_transfers
        self._connections = _shared_numbers(number)
        self._uploads = _shared_numbers(number)
        self._downloads = _shared_numbers(number)
        for place in range(number):
            self.forget(place)
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
        self._ways = [socket.socketpair(socket.AF_UNIX, kind) for _ in range(number)]

    def place(self, taken: Iterable[int]) -> int:
        """The place that the fewest have taken."""
        taken = list(taken)
        return min(range(self._number), key=taken.count)

    def tell(self, place: int, connections: int, uploads: int = 0, downloads: int = 0) -> None:
        """The process at the place has so many connections, and transfers on some of them."""
        self._connections[place] = connections
        self._uploads[place] = uploads
        self._downloads[place] = downloads

    def forget(self, place: int) -> None:
        """The process at the place has ended."""
        self.tell(place, NOT_THERE)

    def are_fewer_elsewhere(self, connections: int) -> bool:
        """Has another process fewer? What is said may be old by a moment."""
        return min(self._connections) < connections

    def where(self, place: int, for_data: bool) -> int:
        """Where a client of the process at the place belongs; there, if nowhere else.

        Data belongs to the second half of the places, and to the first while that has no
        room for more. All else stays where it is, but for a place where data is taken.
        """
        half = self._number // 2
        halves = [range(half, self._number), range(half)]
        if not for_data:
            if place < half or not self._uploads[place]:
                return place
            halves = halves[1:]
        for places in halves:
            there = [each for each in places if self._has_room(each, for_data)]
            if there:
                return (
                    place if place in there else min(there, key=self._connections.__getitem__)
                )
        return place

    def _has_room(self, place: int, for_data: bool) -> bool:
        transfers = self._uploads[place] + self._downloads[place]
        is_full = for_data and transfers >= self._most_transfers
        return self._connections[place] != NOT_THERE and not is_full

    def inbox(self, place: int) -> socket.socket:
        """From where `receive` takes what was handed to the process at the place."""
        return self._ways[place][1]

    def hand_over(self, place: int, client: socket.socket, come: bytes, for_data: bool) -> bool:
        """Give the client, and what has come from it, to the process at the place.

        It is answered there if this is true, and the caller closes its own end of it. It is
        false, and nothing is done, while that process has enough to do.
        """
        if len(come) > MOST_READ:
            return False
        try:
            socket.send_fds(self._ways[place][0], [come], [client.fileno()])
        except OSError:
            return False
        # Until the process says itself how it is.
        self._connections[place] += 1
        self._uploads[place] += for_data
        return True

    def receive(self, place: int) -> tuple[socket.socket, bytes] | None:
        """A client that was handed over, and what has come from it; none if there is none."""
        try:
            come, numbers, _, _ = socket.recv_fds(self.inbox(place), MOST_READ, 1)
        except OSError:
            return None
        return (socket.socket(fileno=numbers[0]), come) if numbers else None


def _shared_numbers(number: int) -> memoryview:
    """So many numbers, which all processes that are forked later have in common."""
    return memoryview(mmap.mmap(-1, 8 * number)).cast("Q")


def sends_data(come: bytes) -> bool:
    """Is what has come from a client the head of a request with much of a body?"""
    head, found, _ = come.partition(b"\r\n\r\n")
    return bool(found) and bool(DATA.search(head))
