"""Writes ``docs/security-rows.md`` and ``docs/reference/limits.md``.

That is ``python tests/security/security_table.py``.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import limits_table
import rows_of_durability
import rows_of_glance
import rows_of_limits
import rows_of_neighbours
import rows_of_threats
import security_rows
from security_rows import Row

ROWS: dict[str, Row] = {
    **rows_of_glance.ROWS,
    **rows_of_neighbours.ROWS,
    **rows_of_threats.ROWS,
    **rows_of_durability.ROWS,
    **rows_of_limits.ROWS,
}
TABLE = Path(__file__).parents[2] / "docs" / "security-rows.md"
HEAD = """\
# Attacks and promises, and the tests that prove them

Written by `python tests/security/security_table.py` from `tests/security/rows_of_*.py`. H is
what happened to Glance, N to images elsewhere, P to neighbours of Glance; T are threats, DUR
promises about data, L [limits](reference/limits.md). `tox -e security` runs the tests in
`tests/security`, `tox` all others too.

"""


def tests_of(row_id: str) -> list[str]:
    """All tests that prove the row, those called after it first."""
    return [*security_rows.named().get(row_id, ()), *ROWS[row_id].tests]


def text() -> str:
    """The whole document."""
    states = Counter(row.state for row in ROWS.values())
    counts = [
        f"| {state} | {states[state]} | {why} |" for state, why in security_rows.STATES.items()
    ]
    lines = ["| state | rows | meaning |", "| --- | --- | --- |", *counts, ""]
    lines += ["| row | what | state | tests and notes |", "| --- | --- | --- | --- |"]
    for row_id in security_rows.IDS:
        row = ROWS[row_id]
        proofs = [f"`{test}`" for test in tests_of(row_id)]
        said = " ".join([", ".join(proofs), row.note]).strip()
        lines.append(f"| {row_id} | {row.what} | {row.state} | {said} |")
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(text())
    limits_table.TABLE.write_text(limits_table.text())
