"""Queries on how far a verification has come."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import peewee

from glance_shim.db import connection
from glance_shim.db.models.verification import Verification


class VerificationRow(NamedTuple):
    """The run of one depth that is at hand, or was the last."""

    depth: str
    marker: str | None
    runner: str | None
    heartbeat: float | None
    started_at: float | None
    completed_at: float | None
    images: int
    copies: int
    size: int
    damaged: int
    repaired: int
    unchecked: int


COLUMNS = tuple(getattr(Verification, name) for name in VerificationRow._fields)
COUNTERS = ("images", "copies", "size", "damaged", "repaired", "unchecked")
NOTHING: dict[str, int] = dict.fromkeys(COUNTERS, 0)


def find(depth: str) -> VerificationRow | None:
    """The run of this depth."""
    found = Verification.select(*COLUMNS).where(Verification.depth == depth).tuples().first()
    return VerificationRow._make(found) if found else None


def add(depth: str) -> None:
    """Begin to count the time until a verification of this depth is due; twice is no error."""
    insert = Verification.insert(depth=depth, completed_at=time.time(), **NOTHING)
    connection.engine().unless_there(insert, Verification.depth).execute()


def take(depth: str, runner: str, anew: bool = False) -> VerificationRow:
    """Let ``runner`` go on with the run that broke off, or ``anew`` with one from the start.

    Whoever was at it finds out at its next `proceed`.
    """
    add(depth)
    moment = time.time()
    fresh = {"started_at": moment, "marker": None, **NOTHING}
    with connection.writing():
        row = find(depth)
        broken_off = row is not None and row.marker is not None
        values: dict[str, Any] = {} if broken_off and not anew else fresh
        Verification.update(runner=runner, heartbeat=moment, **values).where(
            Verification.depth == depth
        ).execute()
        taken = find(depth)
    if taken is None:
        raise peewee.DoesNotExist(depth)
    return taken


def take_if_due(depth: str, runner: str, due_before: float, silent_since: float) -> bool:
    """As `take`, if the last complete run ended before, and nobody is at one; was it?

    A heartbeat from far in the future is of a clock that has been put right since. Whoever
    lives and loses the run by that stops at its next `proceed`, and no harm is done.
    """
    moment = time.time()
    lately = Verification.heartbeat.between(silent_since, 2 * moment - silent_since)
    resting = Verification.heartbeat.is_null() | ~lately
    ended_lately = Verification.completed_at.between(due_before, 2 * moment - due_before)
    due = ~ended_lately | Verification.marker.is_null(False)
    changed = (
        Verification.update(runner=runner, heartbeat=moment)
        .where((Verification.depth == depth) & resting & due)
        .execute()
    )
    return changed == 1


def proceed(depth: str, runner: str, **values: Any) -> bool:
    """Write how far the run is; is it still that of ``runner``?"""
    return _update(depth, runner, heartbeat=time.time(), **values)


def pause(depth: str, runner: str) -> None:
    """Nobody is at the run any more; it can be gone on with."""
    _update(depth, runner, runner=None, heartbeat=None)


def complete(depth: str, runner: str) -> bool:
    """The run has come to its end."""
    return _update(
        depth, runner, runner=None, heartbeat=None, marker=None, completed_at=time.time()
    )


def _update(depth: str, mine: str, **values: Any) -> bool:
    held = (Verification.depth == depth) & (Verification.runner == mine)
    return Verification.update(**values).where(held).execute() == 1
