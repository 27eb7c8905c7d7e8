"""What happens to bytes on their way into a store."""

from __future__ import annotations

import _thread
import hashlib
import sys
import traceback
from collections.abc import Callable

import pytest
from real_server import until
from threadless import it_dies_at_once, no_memory, none_can_be_had

from glance_shim import errors
from glance_shim.stores import streams

BLOCK = b"0123456789abcdef" * 1024


@pytest.mark.parametrize("count", [0, 1, 2, 50])
@pytest.mark.parametrize("algorithm", ["sha256", "sha512", "blake2b"])
def test_size_and_hashes_are_those_of_the_data(count: int, algorithm: str) -> None:
    measured = streams.Measured([BLOCK] * count, algorithm)
    data = b"".join(measured)

    assert data == BLOCK * count
    assert measured.size == len(data)
    assert measured.checksum == hashlib.md5(data).hexdigest()
    assert measured.os_hash_value == hashlib.new(algorithm, data).hexdigest()


@pytest.mark.parametrize("limit, fits", [(len(BLOCK) * 2, True), (len(BLOCK) * 2 - 1, False)])
def test_the_limit_is_the_last_byte_that_passes(limit: int, fits: bool) -> None:
    measured = streams.Measured([BLOCK, BLOCK], "sha512", limit)
    if fits:
        assert sum(map(len, measured)) == limit
        return
    with pytest.raises(errors.ImageTooLarge):
        list(measured)


def test_an_observer_sees_everything_and_may_refuse() -> None:
    seen: list[bytes] = []

    def observe(chunk: bytes) -> None:
        seen.append(chunk)
        if len(seen) == 2:
            raise errors.Invalid(reason="enough")

    with pytest.raises(errors.Invalid):
        list(streams.Counted([b"a", b"b", b"c"], observers=[observe]))
    assert seen == [b"a", b"b"]


def test_progress_is_told_every_16_mib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "EVERY_BYTES", 3 * len(BLOCK))
    told: list[int] = []
    list(streams.Counted([BLOCK] * 7, on_progress=told.append))

    assert told == [3 * len(BLOCK), 6 * len(BLOCK)]


@pytest.mark.parametrize("end", ["exhausted", "closed", "raised", "refused"])
def test_no_thread_is_left_behind(end: str) -> None:
    limit = len(BLOCK) * 5 if end == "refused" else None
    stream = iter(streams.Measured([BLOCK] * 10, "sha512", limit))
    if end == "exhausted":
        list(stream)
    elif end == "refused":
        with pytest.raises(errors.ImageTooLarge):
            list(stream)
    else:
        for _ in range(4):
            next(stream)
        until(lambda: helpers() == 2, "two threads help")
        if end == "closed":
            stream.close()  # type: ignore[attr-defined]
        else:
            with pytest.raises(RuntimeError):
                stream.throw(RuntimeError)  # type: ignore[attr-defined]

    until(lambda: helpers() == 0, "the threads have ended")


def helpers() -> int:
    """How many threads of this process help with a hash."""
    stacks = [traceback.walk_stack(frame) for frame in sys._current_frames().values()]
    return sum(any(frame.f_code.co_name == "_help" for frame, _ in stack) for stack in stacks)


def test_transfers_share_the_cores_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "CORES", 2)
    first = streams.Measured([BLOCK] * 12, "sha512")
    second = streams.Measured([BLOCK] * 5, "sha512")
    one, other = iter(first), iter(second)

    passed = [next(one), next(one), next(one)]
    until(lambda: helpers() == 2, "two threads help")
    next(other)
    passed += [next(one), next(one)]
    until(lambda: helpers() == 0, "the threads have ended")
    assert len(list(other)) == 4
    passed += [next(one), next(one)]
    until(lambda: helpers() == 2, "two threads help")
    passed += one

    assert len(passed) == 12
    for measured, count in ((first, 12), (second, 5)):
        assert measured.checksum == hashlib.md5(BLOCK * count).hexdigest()
        assert measured.os_hash_value == hashlib.sha512(BLOCK * count).hexdigest()


@pytest.mark.parametrize("start", [none_can_be_had, no_memory, it_dies_at_once])
def test_without_a_thread_the_hashes_are_made_all_the_same(
    start: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_thread, "start_new_thread", start)
    measured = streams.Measured([BLOCK] * 20, "sha512")
    data = b"".join(measured)

    assert measured.checksum == hashlib.md5(data).hexdigest()
    assert measured.os_hash_value == hashlib.sha512(data).hexdigest()


def test_a_chunk_that_could_not_be_hashed_is_not_passed_over() -> None:
    """There is no hash then: it would be that of other data."""

    class Failing:
        name = "md5"

        def update(self, chunk: bytes) -> None:
            if chunk.startswith(b"bad"):
                raise MemoryError

    measured = streams.Measured([BLOCK, BLOCK, b"bad", BLOCK], "sha512")
    measured._md5._hash = Failing()  # type: ignore[assignment]
    with pytest.raises(MemoryError):
        list(measured)
        measured.checksum  # noqa: B018
