"""What has become of each image and namespace, and the sum of it."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Mapping
from typing import Any

# What becomes of something, and whether the operator has to do something about it.
SAME = "same"
COPIED = "copied"
COMPLETED = "completed"
UPDATED = "updated"
DIFFERS = "differs"
FAILED = "failed"
OUTCOMES = (COPIED, COMPLETED, UPDATED, SAME, DIFFERS, FAILED)
OPEN = (DIFFERS, FAILED)


@dataclasses.dataclass(frozen=True)
class Result:
    """What has become of one thing.

    ``different`` is what is not the same, with what the source has and what
    the target has; ``reason`` is why something failed.
    """

    kind: str
    id: str
    name: str
    outcome: str
    different: Mapping[str, tuple[Any, Any]] = dataclasses.field(default_factory=dict)
    reason: str = ""
    size: int = 0

    def as_document(self) -> dict[str, Any]:
        """The result for JSON, without what it does not have."""
        document = {"kind": self.kind, "id": self.id, "name": self.name, "result": self.outcome}
        different = {
            name: {"source": pair[0], "target": pair[1]}
            for name, pair in self.different.items()
        }
        extra = {"different": different, "reason": self.reason}
        return {**document, **{name: value for name, value in extra.items() if value}}


class Report:
    """Counts every result and keeps those that are not ``same``."""

    def __init__(self, cannot: Mapping[str, str], dry_run: bool) -> None:
        self.results: list[Result] = []
        self.counts: collections.Counter[tuple[str, str]] = collections.Counter()
        self.kept_otherwise: collections.Counter[str] = collections.Counter()
        self.bytes = 0
        self._cannot = cannot
        self._dry_run = dry_run

    def add(self, result: Result) -> None:
        """Take in what has become of one thing more."""
        self.counts[result.kind, result.outcome] += 1
        if result.outcome in (COPIED, COMPLETED, UPDATED):
            self.bytes += result.size
        self.kept_otherwise.update(set(result.different) & set(self._cannot))
        if result.outcome != SAME:
            self.results.append(result)

    @property
    def is_clean(self) -> bool:
        """Is everything at the target as it is at the source, or will it be?"""
        return not any(self.counts[kind, each] for kind in self.kinds for each in OPEN)

    @property
    def kinds(self) -> list[str]:
        return sorted({kind for kind, _ in self.counts})

    def as_document(self) -> dict[str, Any]:
        """The whole report for JSON."""
        return {
            "dry_run": self._dry_run,
            "bytes": self.bytes,
            **{
                f"{kind}s": {each: self.counts[kind, each] for each in OUTCOMES}
                for kind in self.kinds
            },
            "kept_otherwise": {
                name: {"images": count, "why": self._cannot[name]}
                for name, count in sorted(self.kept_otherwise.items())
            },
            "results": [each.as_document() for each in self.results],
        }
