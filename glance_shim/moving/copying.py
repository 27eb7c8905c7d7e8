"""Bringing what one catalogue has into another."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from glance_shim import errors
from glance_shim.db import connection
from glance_shim.moving import definitions, records, report
from glance_shim.moving.records import Differences, Member, Record
from glance_shim.moving.report import Result
from glance_shim.moving.verified import Stopped, verified

# While data arrives or is imported; it ends by itself, or by somebody's death.
MOVING = ("saving", "uploading", "importing")

# An image whose data is just coming to the source has none to be copied yet.
UNSETTLED = "it is {status} at the source; run the command again when that has ended"


class Catalog(Protocol):
    """A catalogue to take from, or to bring to.

    ``cannot`` says what it does not keep as it is given, and why; ``patience``
    is how many seconds an upload that died may keep an image busy.
    """

    patience: float
    cannot: Mapping[str, str]

    def images(self) -> Iterator[Record]: ...
    def find(self, image_id: str) -> Record | None: ...
    def members(self, image_id: str) -> list[Member]: ...
    def data(self, image_id: str) -> contextlib.AbstractContextManager[Iterable[bytes]]: ...
    def refusals(self, record: Record) -> list[str]: ...
    def predicted(self, record: Record) -> Differences: ...
    def create(self, record: Record) -> None: ...
    def upload(self, record: Record, chunks: Iterable[bytes]) -> None: ...
    def change(self, wanted: Record, found: Record) -> None: ...
    def switch(self, image_id: str, status: str) -> None: ...
    def add_member(self, image_id: str, member_id: str) -> None: ...
    def answer(self, image_id: str, member_id: str, status: str) -> None: ...
    def remove_member(self, image_id: str, member_id: str) -> None: ...
    def finish(self, record: Record, found: Iterable[Member]) -> None: ...
    def recover(self) -> None: ...
    def namespaces(self) -> Iterator[dict[str, Any]]: ...
    def put_namespace(self, document: Mapping[str, Any], replace: bool) -> None: ...


@dataclasses.dataclass
class Copy:
    """A run: what is brought where, and how.

    What is missing is made and what a run before left unfinished is completed.
    What is there and differs is left alone unless ``update`` says otherwise.
    """

    source: Catalog
    target: Catalog
    database: Any
    projects: Mapping[str, str] = dataclasses.field(default_factory=dict)
    update: bool = False
    dry_run: bool = False
    jobs: int = 4
    on_bytes: Callable[[int], None] = lambda count: None

    def __post_init__(self) -> None:
        self._stopped = threading.Event()

    def run(self, tell: Callable[[Result | None], None]) -> report.Report:
        """Bring everything over; ``tell`` hears of each result, and every half second."""
        done = report.Report(self.target.cannot, self.dry_run)

        def add(result: Result | None) -> None:
            if result is not None:
                done.add(result)
            tell(result)

        for result in self._namespaces():
            add(result)
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            waiting: set[concurrent.futures.Future[Result]] = set()
            try:
                for record in self.source.images():
                    waiting.add(pool.submit(self._image, record))
                    while len(waiting) >= 2 * self.jobs:
                        waiting = _some(waiting, add)
                while waiting:
                    waiting = _some(waiting, add)
            except BaseException:
                self._stopped.set()
                pool.shutdown(cancel_futures=True)
                raise
        return done

    def _namespaces(self) -> Iterator[Result]:
        there = {each["namespace"]: each for each in self.target.namespaces()}
        for document in self.source.namespaces():
            wanted = definitions.of_other_projects(document, self.projects)
            found = there.get(wanted["namespace"])
            result = Result("namespace", wanted["namespace"], "", report.COPIED)
            if found is not None:
                names = definitions.differences(wanted, found)
                different = {name: (wanted.get(name), found.get(name)) for name in names}
                outcome = report.UPDATED if self.update else report.DIFFERS
                result = dataclasses.replace(
                    result, different=different, outcome=outcome if names else report.SAME
                )
            changes = result.outcome in (report.COPIED, report.UPDATED)
            if changes and not self.dry_run:
                result = self._put(wanted, result)
            yield result

    def _put(self, document: Mapping[str, Any], result: Result) -> Result:
        """The result, or that it failed."""
        try:
            self.target.put_namespace(document, replace=result.outcome == report.UPDATED)
        except (errors.Error, *connection.FAILURES) as exc:
            return dataclasses.replace(result, outcome=report.FAILED, reason=_words(exc))
        return result

    def _image(self, given: Record) -> Result:
        """What becomes of one image, on a thread of its own."""
        record = records.of_other_projects(given, self.projects)
        result = Result("image", record.id, record.name, report.SAME, size=record.size)
        try:
            with connection.connected(self.database):
                return self._brought(record, result)
        except (errors.Error, *connection.FAILURES) as exc:
            return dataclasses.replace(result, outcome=report.FAILED, reason=_words(exc))

    def _brought(self, record: Record, result: Result) -> Result:
        found = self.target.find(record.id)
        if found is None:
            refusals = self.target.refusals(record)
            if refusals:
                raise errors.Invalid(reason="; ".join(refusals))
            result = dataclasses.replace(result, outcome=report.COPIED)
            if self.dry_run:
                return dataclasses.replace(result, different=self.target.predicted(record))
            self.target.create(record)
            found = self._settled(record.id)
        elif found.unfinished or (record.has_data and found.status == "queued"):
            result = dataclasses.replace(result, outcome=report.COMPLETED)
        if result.outcome == report.SAME:
            different = self._different(record, found)
            result = dataclasses.replace(result, different=different)
            if not self._open(different):
                return result
            outcome = report.UPDATED if self.update else report.DIFFERS
            result = dataclasses.replace(result, outcome=outcome)
        if self.dry_run or result.outcome == report.DIFFERS:
            return result
        return self._completed(record, result)

    def _different(self, record: Record, found: Record) -> Differences:
        """What is different about an image and its members."""
        different = records.differences(_as_it_can_be(record), found)
        if record.has_data and found.has_data and not records.same_data(record, found):
            different["data"] = record.facts["checksum"], found.facts["checksum"]
        if record.is_shared and found.is_shared:
            wanted = self._members(record)
            different |= records.member_differences(wanted, self.target.members(found.id))
        return different

    def _open(self, different: Iterable[str]) -> set[str]:
        """What of it should not be; that it was touched once more makes no image another."""
        return set(different) - set(self.target.cannot) - {"updated_at"}

    def _members(self, record: Record) -> list[Member]:
        found = self.source.members(record.id)
        return [records.mapped(member, self.projects) for member in found]

    def _settled(self, image_id: str) -> Record:
        """The image at the target, once no upload that died keeps it busy any more."""
        deadline = time.monotonic() + self.target.patience
        while True:
            found = self.target.find(image_id)
            if found is None:
                raise errors.Conflict(reason="it was deleted at the target meanwhile")
            if found.status not in MOVING:
                return found
            if time.monotonic() > deadline:
                raise errors.Conflict(reason=f"it is {found.status} at the target, by others")
            if self._stopped.wait(1):
                raise Stopped()
            self.target.recover()

    def _completed(self, record: Record, result: Result) -> Result:
        """Do everything that an image at the target still lacks, and look at it again."""
        found = self._settled(record.id)
        self.target.change(record, found)
        if record.has_data and found.status == "queued":
            with self.source.data(record.id) as chunks:
                self.target.upload(record, verified(record, chunks, self._progress))
            found = dataclasses.replace(found, facts={**found.facts, "status": "active"})
        members = self._members(record) if record.is_shared else []
        if record.is_shared:
            self._bring_members(record.id, members)
        if record.has_data and found.has_data and found.status != record.status:
            self.target.switch(record.id, record.status)
        if record.status in MOVING:
            raise errors.Conflict(reason=UNSETTLED.format(status=record.status))
        self.target.finish(record, members)
        return self._looked_at(record, result)

    def _looked_at(self, record: Record, result: Result) -> Result:
        found = self._settled(record.id)
        different = self._different(record, found)
        result = dataclasses.replace(result, different=different)
        still = self._open(different)
        if still:
            reason = f"it still differs in {', '.join(sorted(still))}"
            return dataclasses.replace(result, outcome=report.FAILED, reason=reason)
        return result

    def _bring_members(self, image_id: str, members: Iterable[Member]) -> None:
        there = {member.id: member.status for member in self.target.members(image_id)}
        for member in members:
            if member.id not in there:
                self.target.add_member(image_id, member.id)
            if there.pop(member.id, "pending") != member.status:
                self.target.answer(image_id, member.id, member.status)
        for member_id in there:
            self.target.remove_member(image_id, member_id)

    def _progress(self, count: int) -> None:
        if self._stopped.is_set():
            raise Stopped()
        self.on_bytes(count)


def _as_it_can_be(record: Record) -> Record:
    """The image as far as it can be copied: what has no data yet is queued."""
    if record.status in (*records.WITH_DATA, "queued"):
        return record
    empty = dict.fromkeys(("size", "virtual_size", "checksum", "os_hash_algo", "os_hash_value"))
    return dataclasses.replace(record, facts={**record.facts, **empty, "status": "queued"})


def _some(
    waiting: set[concurrent.futures.Future[Result]], add: Callable[[Result | None], None]
) -> set[concurrent.futures.Future[Result]]:
    """Those that still run, after some have ended or half a second."""
    done, waiting = concurrent.futures.wait(
        waiting, timeout=0.5, return_when=concurrent.futures.FIRST_COMPLETED
    )
    for each in done:
        add(each.result())
    if not done:
        add(None)
    return waiting


def _words(exc: Exception) -> str:
    if isinstance(exc, errors.Error):
        return str(exc)
    return f"the database failed: {connection.words_of(exc)}"
