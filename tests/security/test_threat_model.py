"""The page on threats names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import security_rows

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "threat-model.md"
NAMED = sorted(set(re.findall(r"`([a-z_]+/test_\w+(?:::\w+)?)`", PAGE.read_text())))


def test_it_names_tests() -> None:
    assert len(NAMED) > 20


@pytest.mark.parametrize("test", NAMED)
def test_a_test_that_is_named_exists(test: str) -> None:
    module, _, name = test.partition("::")

    assert security_rows.functions(module), module
    assert not name or name in security_rows.functions(module)
