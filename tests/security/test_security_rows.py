"""Every row has a test or a reason, every test that is named exists, the table is current."""

from __future__ import annotations

import limits_table
import pytest
import security_rows
import security_table


def test_every_row_is_there_once() -> None:
    assert sorted(security_table.ROWS) == sorted(security_rows.IDS)
    assert set(security_rows.named()) <= set(security_rows.IDS)


@pytest.mark.parametrize("row_id", security_rows.IDS)
def test_a_row_has_tests_that_exist_or_a_reason(row_id: str) -> None:
    row, tests = security_table.ROWS[row_id], security_table.tests_of(row_id)

    for test in tests:
        module, _, name = test.partition("::")
        assert name in security_rows.functions(module), test
    assert bool(tests) is (row.state in ("held", "in part"))
    assert row.note or row.state == "held"


def test_the_tables_are_current() -> None:
    assert security_table.TABLE.read_text() == security_table.text()
    assert limits_table.TABLE.read_text() == limits_table.text()
