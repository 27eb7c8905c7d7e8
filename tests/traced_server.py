"""The real server under strace, and what it has done to files in the order in which it did.

What SQLite does is part of it, as it is the calls of the process that are written down.
"""

from __future__ import annotations

import codecs
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from real_server import Server, until

ANSWERED = "answer"
TRACED = (
    *("open", "openat", "creat", "close", "dup", "dup2", "dup3", "lseek"),
    *("write", "writev", "pwrite64", "pwritev", "pwritev2", "fallocate"),
    *("sendfile", "splice", "copy_file_range", "ftruncate", "truncate"),
    *("fsync", "fdatasync", "sync_file_range", "sync", "syncfs"),
    *("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat"),
    *("unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "sendto", "sendmsg"),
)
LINE = re.compile(r"(\d+) +(.*)")
CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+)(?:<(.*?)>)?(?: .*)?$", re.DOTALL)
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(\.\.\.)?')
HANDLE = re.compile(r"^(?:\d+|AT_FDCWD)<([^>]*)>")
REQUEST_ID = re.compile(rb"x-openstack-request-id: (\S+)", re.IGNORECASE)


class Recorded(Server):
    """A server of one process whose calls are written down from its start on."""

    def __init__(self, directory: Path, **options: Any) -> None:
        self._trace = directory.parent / f"{directory.name}.trace"
        self.before = directory.parent / f"{directory.name}.before"
        super().__init__(directory, workers=1, **options)

    def start(self) -> None:
        self.service.deployment.database.close_all()
        # The server is to make them itself, as at its first start.
        for made in ("images", "staging"):
            shutil.rmtree(self.directory / made)
        shutil.copytree(self.directory, self.before)
        self._command = [
            *("strace", "-D", "-f", "-y", "-s", str(1 << 24), "--seccomp-bpf"),
            *("-e", f"trace={','.join(TRACED)}", "-e", "signal=none", "-o", str(self._trace)),
            *self._command,
        ]
        super().start()

    def calls(self) -> list[Call]:
        """All that has been done to the files, and each answer, once the server has ended."""
        until(lambda: "+++ exited" in self._last_line(), "all has been written down")
        return list(_read(self._trace, str(self.directory)))

    def _last_line(self) -> str:
        return self._trace.read_text(errors="replace").rstrip().rpartition("\n")[2]


class Call(NamedTuple):
    """``what`` was done to the file at ``path``, below the directory of the server.

    ``data`` are the bytes, ``at`` their place in the file, or its new size, and
    ``target`` the other name of a link or a renaming. An answer has its request id as path.
    """

    what: str
    path: str
    data: bytes = b""
    at: int = 0
    target: str = ""


def _read(trace: Path, root: str) -> Iterator[Call]:
    """The calls on files below ``root``, in the order in which they returned."""
    begun: dict[str, str] = {}
    places: dict[tuple[str, str], int] = {}
    with trace.open(errors="surrogateescape", newline="\n") as lines:
        for line in lines:
            pid, said = LINE.fullmatch(line.rstrip("\n")).groups()  # type: ignore[union-attr]
            if said.endswith("<unfinished ...>"):
                begun[pid] = said.removesuffix("<unfinished ...>").rstrip()
                continue
            if said.startswith("<... "):
                said = begun.pop(pid) + said.partition("resumed>")[2]
            found = CALL.fullmatch(said)
            if found:
                name, given, result, opened = found.groups()
                if int(result) >= 0:
                    yield from _calls(name, given, int(result), opened, root, places)


def _calls(
    name: str,
    given: str,
    result: int,
    opened: str | None,
    root: str,
    places: dict[tuple[str, str], int],
) -> Iterator[Call]:
    if name in ("sendto", "sendmsg"):
        sent = _bytes(given)
        answer = REQUEST_ID.search(sent) if sent.startswith(b"HTTP/1.1 ") else None
        if answer:
            yield Call(ANSWERED, answer[1].decode())
        return
    handle = HANDLE.match(given)
    path = _below(root, handle[1]) if handle else None
    rest = given[handle.end() :] if handle else given
    if name in ("open", "openat", "creat"):
        opened_path = _below(root, opened or "")
        if opened_path is not None and "O_DIRECTORY" not in given:
            places[(opened_path, str(result))] = 0
            if "O_CREAT" in given:
                yield Call("create", opened_path)
            if "O_TRUNC" in given:
                yield Call("truncate", opened_path)
    elif name in ("rename", "renameat", "renameat2", "link", "linkat"):
        old, new = _names(given)
        source, target = _below(root, old), _below(root, new)
        if source is not None and target is not None:
            yield Call("link" if name.startswith("link") else "rename", source, target=target)
    elif name in ("unlink", "unlinkat", "mkdir", "mkdirat", "rmdir"):
        (named,) = _names(given)
        below = _below(root, named)
        if below is not None:
            what = "unlink" if name.startswith("unlink") else name.removesuffix("at")
            yield Call(what, below)
    elif path is not None:
        yield from _on_handle(name, path, given.partition("<")[0], rest, result, places)


def _on_handle(
    name: str, path: str, number: str, rest: str, result: int, places: dict[Any, int]
) -> Iterator[Call]:
    key = (path, number)
    if name == "write":
        at = places.get(key, 0)
        places[key] = at + result
        yield Call("write", path, _bytes(rest)[:result], at)
    elif name == "pwrite64":
        yield Call("write", path, _bytes(rest)[:result], int(rest.rpartition(",")[2]))
    elif name == "lseek":
        places[key] = result
    elif name == "ftruncate":
        yield Call("truncate", path, at=int(rest.rpartition(",")[2]))
    elif name in ("fsync", "fdatasync"):
        yield Call("sync", path)
    elif name != "close":
        raise AssertionError(f"the recorder does not know {name} on {path}")


def _bytes(given: str) -> bytes:
    found = QUOTED.search(given)
    if found is None:
        return b""
    assert not found[2], "strace has cut something off"
    return codecs.escape_decode(found[1].encode("latin-1"))[0]  # type: ignore[attr-defined]


def _names(given: str) -> list[str]:
    """The paths that a call names, each with the directory that it is relative to."""
    directories = re.findall(r"(?:\d+|AT_FDCWD)<([^>]*)>", given)
    names = [found[1] for found in QUOTED.finditer(given)]
    directories += [""] * (len(names) - len(directories))
    return [
        name if name.startswith("/") else f"{directory}/{name}"
        for name, directory in zip(names, directories, strict=True)
    ]


def _below(root: str, path: str) -> str | None:
    """The path below ``root``, which itself is an empty one; ``None`` for any other."""
    if path == root:
        return ""
    return path.removeprefix(f"{root}/") if path.startswith(f"{root}/") else None
