"""The pages of the documentation, read as a test reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*/*.md"))]

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


class Block(NamedTuple):
    """What stands between fences, and what it is: sh, text, ini and so on."""

    kind: str
    text: str


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [Block(*found) for found in BLOCK.findall(page.read_text())]


def of_kind(kind: str) -> Iterator[tuple[str, str]]:
    """All blocks of a kind, each with a name: the page and its place on it."""
    for page in PAGES:
        texts = [block.text for block in blocks(page) if block.kind == kind]
        yield from ((f"{page.stem}-{n}", text) for n, text in enumerate(texts))


def alike(shown: str, printed: str) -> bool:
    """Is it what the page shows? ``…`` stands for anything; spaces do not count."""
    parts = [re.escape(" ".join(part.split())) for part in shown.split("…")]
    return re.fullmatch(r"\s*.*?\s*".join(parts), " ".join(printed.split()), re.S) is not None
