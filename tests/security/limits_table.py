"""What ``docs/reference/limits.md`` says; `security_table` writes it."""

from __future__ import annotations

from pathlib import Path

import security_rows
from rows_of_limits import LIMITS, Limit

from glance_shim import config

TABLE = Path(__file__).parents[2] / "docs" / "reference" / "limits.md"
HEAD = """\
# Limits

Every limit, the options that set it with their defaults, what is answered beyond it, and the
tests that prove it. [Options](options.md) says more of each option; a limit without one is
fixed. Written by `python tests/security/security_table.py` from
`tests/security/rows_of_limits.py`.

"""


def text() -> str:
    """The whole document."""
    known = {
        (section, option.dest): option.default
        for section, options in config.list_opts()
        for option in options
    }
    lines = ["| row | limit | set by | beyond | tests and notes |", "| --- " * 5 + "|"]
    for row_id, limit in LIMITS.items():
        tests = [*security_rows.named().get(row_id, ()), *limit.row.tests]
        said = " ".join([", ".join(f"`{test}`" for test in tests), limit.row.note]).strip()
        cells = (row_id, limit.row.what, _set_by(limit, known), limit.answer, said)
        lines.append(f"| {' | '.join(cells)} |")
    return HEAD + "\n".join(lines) + "\n"


def _set_by(limit: Limit, known: dict[tuple[str, str], object]) -> str:
    """The options with their defaults; raises ``KeyError`` for one that there is not."""
    parts = []
    for option in limit.options:
        section, _, name = option.rpartition(".")
        shown = f"[{section}] {name}" if section else name
        parts.append(f"`{shown}` = {_plain(known[section or 'DEFAULT', name])}")
    return "<br>".join(parts) or limit.fixed


def _plain(default: object) -> str:
    return ",".join(map(str, default)) if isinstance(default, list) else str(default)
