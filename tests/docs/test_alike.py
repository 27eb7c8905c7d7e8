"""When what a page shows counts as what was printed."""

from __future__ import annotations

import pages
import pytest


@pytest.mark.parametrize(
    "shown, printed, expected",
    [
        ("the same\n", "the same\n", True),
        ("the same\n", "another\n", False),
        ("the same\n", "the same\nand more\n", False),
        ("", "\n", True),
        ("", "something\n", False),
        ("| … | golden |", "| 5070d9c6-debf |   golden |\n", True),
        ("| … | golden |", "| 5070d9c6-debf | silver |\n", False),
        ("begins\n…", "begins\nand goes on\n", True),
        ("a (b) …", "a (b) c", True),
    ],
)
def test_alike(shown: str, printed: str, expected: bool) -> None:
    assert pages.alike(shown, printed) is expected
