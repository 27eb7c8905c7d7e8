"""What has been done to image services and the like, and what proves that it fails here.

Each row is an attack or a promise, by its id: H what happened to Glance, N what
happened to images elsewhere, P what happened to neighbours, T threats, DUR
promises about data, L limits. A test in this directory that is called after a row, as
``test_H_01_…``, proves it without being named in the row.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent.parent
NAMED = re.compile(r"test_((?:[HNPL]|DUR)_\d\d|T_[A-Z0-9]+_\d+)_")

THREATS = {
    "AUTH": 9,
    "PW": 6,
    "JSON": 9,
    "HTTP": 15,
    "PATH": 5,
    "SQL": 4,
    "IDOR": 4,
    "MASS": 2,
    "RACE": 10,
    "SSRF": 3,
    "WEB": 9,
    "FS": 5,
    "S3": 4,
    "SEC": 2,
    "DEP": 1,
    "DOS": 10,
}
IDS = [
    *(f"H-{number:02}" for number in range(1, 57)),
    *(f"N-{number:02}" for number in range(1, 44)),
    *(f"P-{number:02}" for number in range(1, 35)),
    *(f"T-{kind}-{number}" for kind, most in THREATS.items() for number in range(1, most + 1)),
    "T-AUTH-05",
    *(f"DUR-{number:02}" for number in range(1, 43)),
    *(f"L-{number:02}" for number in range(1, 57)),
]


@dataclasses.dataclass(frozen=True)
class Row:
    """``what`` it is; ``tests`` by path and name; ``state`` as in `STATES`; ``note`` why."""

    what: str
    tests: tuple[str, ...] = ()
    state: str = "held"
    note: str = ""


STATES = {
    "held": "a test proves it",
    "in part": "a test proves what is there; the note says what is not",
    "not held": "the note says what is missing",
    "does not apply": "the note says why",
}


def held(what: str, *tests: str, note: str = "") -> Row:
    return Row(what, tests, "held", note)


def in_part(what: str, note: str, *tests: str) -> Row:
    return Row(what, tests, "in part", note)


def not_held(what: str, note: str) -> Row:
    return Row(what, (), "not held", note)


def idle(what: str, note: str) -> Row:
    return Row(what, (), "does not apply", note)


@functools.cache
def named() -> dict[str, list[str]]:
    """The tests of this directory by the row that they are called after."""
    found: dict[str, list[str]] = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for name in functions(f"security/{path.stem}"):
            match = NAMED.match(name)
            if match:
                test = f"security/{path.stem}::{name}"
                found.setdefault(match[1].replace("_", "-"), []).append(test)
    return found


@functools.cache
def functions(module: str) -> tuple[str, ...]:
    """The tests of a module below ``tests`` in their order, those of a class by both names."""
    path = TESTS / f"{module}.py"
    if not path.is_file():
        return ()
    return tuple(_functions(ast.parse(path.read_text())))


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield prefix + node.name
        elif isinstance(node, ast.ClassDef):
            yield node.name
            yield from _functions(node, f"{node.name}::")
