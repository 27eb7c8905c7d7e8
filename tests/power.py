"""What is on a disk after the power has gone, at any moment of a server's work.

`Disk` carries out the calls of a `traced_server` once more, in memory, and knows of each
byte and each name whether a sync has made it last. `Disk.after` is what is there when some
of the rest is lost, as one of `LOSSES` says.

It is a model, and a harsh one: a name lasts with the sync of its directory only, and bytes
with the sync of their file only, where real file systems often keep both. It knows no disk
that lies about a sync, and takes calls of several threads in the order in which they returned.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from traced_server import Call

SECTOR = 512
# SQLite makes it anew from the log; it is never synced, and mapped memory is not traced.
REBUILT = "-shm"

ALL = "nothing that was not synced is there"
LOSSES = {
    ALL: ("none", "none"),
    "names are there, their bytes are not": ("all", "none"),
    "bytes are there, new names are not": ("none", "all"),
    "all is there, but the last write ends in its middle": ("all", "torn"),
    "of names and of sectors some are there": ("some", "some"),
}

Tree = dict[str, bytes | None]


class File:
    """Bytes, those that last, and those that were written since."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray(data)
        self._lasting = bytes(data)
        self._since: list[tuple[int, bytes]] = []

    def write(self, at: int, data: bytes) -> None:
        _put(self.data, at, data)
        self._since.append((at, data))

    def truncate(self, size: int) -> None:
        _resize(self.data, size)
        self._since.append((size, b""))

    def sync(self) -> None:
        self._lasting = bytes(self.data)
        self._since.clear()

    def after(self, which: str, chance: random.Random) -> bytes:
        """What is left of it when of the unsynced bytes those are kept that ``which`` says."""
        if which == "all":
            return bytes(self.data)
        kept = bytearray(self._lasting)
        for number, (at, data) in enumerate(self._since if which != "none" else ()):
            if not data:
                _resize(kept, at)
            elif which == "torn":
                last = number == len(self._since) - 1
                _put(kept, at, data[: len(data) // 2] if last else data)
            else:
                for begin in range(0, len(data), SECTOR):
                    if chance.random() < 0.5:
                        _put(kept, at + begin, data[begin : begin + SECTOR])
        return bytes(kept)


def _put(into: bytearray, at: int, data: bytes) -> None:
    if at > len(into):
        _resize(into, at)
    into[at : at + len(data)] = data


def _resize(data: bytearray, size: int) -> None:
    del data[size:]
    data.extend(bytes(size - len(data)))


class Disk:
    """The files below one directory; a directory is ``None``."""

    def __init__(self, before: Path) -> None:
        self._names: dict[str, File | None] = {}
        for path in sorted(before.rglob("*")):
            if not path.name.endswith(REBUILT):
                name = str(path.relative_to(before))
                self._names[name] = None if path.is_dir() else File(path.read_bytes())
        self._lasting = dict(self._names)
        # For each directory what has happened to its names since it was synced.
        self._since: dict[str, list[tuple[str, File | None, bool]]] = {}

    def do(self, call: Call) -> None:
        """Carry out one call."""
        if call.path.endswith(REBUILT):
            return
        if call.what == "create" and call.path not in self._names:
            self._name(call.path, File())
        elif call.what == "mkdir":
            self._name(call.path, None)
        elif call.what in ("link", "rename"):
            self._name(call.target, self._names[call.path])
        if call.what in ("unlink", "rmdir", "rename"):
            self._name(call.path, self._names[call.path], there=False)
        file = self._names.get(call.path)
        if call.what == "sync" and (call.path == "" or file is None):
            for name, named, there in self._since.pop(call.path, ()):
                _set(self._lasting, name, named, there)
        elif file is not None and call.what == "sync":
            file.sync()
        elif file is not None and call.what == "write":
            file.write(call.at, call.data)
        elif file is not None and call.what == "truncate":
            file.truncate(call.at)

    def _name(self, name: str, file: File | None, there: bool = True) -> None:
        _set(self._names, name, file, there)
        self._since.setdefault(name.rpartition("/")[0], []).append((name, file, there))

    def after(self, loss: str, seed: int) -> Tree:
        """What is there once the power is back."""
        which_names, which_bytes = LOSSES[loss]
        chance = random.Random(seed)
        names = dict(self._lasting)
        for changes in self._since.values():
            if which_names == "some":
                changes = changes[: chance.randint(0, len(changes))]
            for name, file, there in changes if which_names != "none" else ():
                _set(names, name, file, there)
        return {
            name: None if file is None else file.after(which_bytes, chance)
            for name, file in names.items()
            if all(parent in names for parent in _parents(name))
        }


def _set(names: dict[str, Any], name: str, file: File | None, there: bool) -> None:
    if there:
        names[name] = file
    else:
        names.pop(name, None)


def _parents(name: str) -> Iterator[str]:
    parts = name.split("/")
    return ("/".join(parts[:count]) for count in range(1, len(parts)))


def write(tree: Tree, directory: Path) -> None:
    """Make the files of a tree, each with its directories."""
    for name, data in tree.items():
        path = directory / name
        if data is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
