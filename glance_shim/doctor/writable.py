"""What everybody on the machine could change, and with it the service (P-28).

Who can write the options, the directory of the state or the database decides who may do what;
the service does not start then. Of the directories with data it says so, and starts: a share
of files is often open to all of a network that nobody else is in.
"""

from __future__ import annotations

import logging
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from glance_shim import errors
from glance_shim.context import Deployment
from glance_shim.db import urls
from glance_shim.doctor.finding import Finding, ok, problem, warning
from glance_shim.doctor.machine import places

log = logging.getLogger(__name__)


class Exposed(NamedTuple):
    """Something of ours, the path by which everybody could change it, and is it fatal?"""

    what: str
    path: Path
    decides: bool

    @property
    def words(self) -> str:
        return f"every user of this machine can change {self.what}"

    @property
    def mend(self) -> str:
        return f"chmod o-w {self.path}"


def look(deployment: Deployment, files: Sequence[str]) -> Iterator[Finding]:
    """Whether only the service can change what is its own."""
    found = list(exposed(deployment, files))
    for each in found:
        tell = problem if each.decides else warning
        yield tell("changes", f"{each.words}, by {each.path}", each.mend)
    if not found:
        yield ok("changes", "options, state and data are not for every user to change")


def require_closed(deployment: Deployment, files: Sequence[str]) -> None:
    """Raise `errors.ConfigurationError` for what decides; log the rest."""
    for each in exposed(deployment, files):
        if each.decides:
            raise errors.ConfigurationError(reason=f"{each.words}: {each.mend}")
        log.warning("%s: %s", each.words, each.mend)


def exposed(deployment: Deployment, files: Sequence[str]) -> Iterator[Exposed]:
    """All that everybody could change."""
    for what, path, decides in _ours(deployment, files):
        opening = _opening(path)
        if opening is not None:
            yield Exposed(what, opening, decides)


def _ours(deployment: Deployment, files: Sequence[str]) -> Iterator[tuple[str, Path, bool]]:
    for file in files:
        yield "the options", Path(file), True
    yield "the directory of the state", Path(deployment.config.state_path), True
    database = urls.path_of(deployment.config.database.connection)
    if database:
        yield "the file of the database", Path(database), True
    for what, path in places(deployment):
        yield f"the directory of {what}", path, what == "the database"


def _opening(path: Path) -> Path | None:
    """The path itself or the directory above it that lets everybody change what is there.

    A directory above may be for everybody if each can take away only what is theirs (``/tmp``).
    """
    real = path.resolve()
    for place in (real, *real.parents, *path.absolute().parents):
        try:
            mode = place.stat().st_mode
        except OSError:
            continue
        shared = place != real and mode & stat.S_ISVTX
        if mode & stat.S_IWOTH and not shared:
            return place
    return None
