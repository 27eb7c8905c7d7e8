"""How much of a database in a file the connections to it keep in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MIB = 1 << 20

READING = """
import sys
from pathlib import Path
from glance_shim.db import connection

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

database = connection.open_database(f"sqlite:///{sys.argv[1]}")
database.connect()
database.execute_sql("CREATE TABLE large (id INTEGER PRIMARY KEY, text TEXT)")
database.execute_sql(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)"
    " INSERT INTO large SELECT i, hex(zeroblob(250)) FROM n"
)
before, others = resident(), []
for _ in range(16):
    others.append(database._connect())
    others[-1].execute("SELECT sum(length(text)) FROM large").fetchone()
print(resident() - before)
"""


def test_many_connections_keep_no_copy_each(tmp_path: Path) -> None:
    """Each of them may keep 16 MiB: sixteen kept 250."""
    finished = subprocess.run(
        [sys.executable, "-c", READING, str(tmp_path / "large.db")],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert finished.returncode == 0, finished.stderr
    assert int(finished.stdout) < 100 * MIB
