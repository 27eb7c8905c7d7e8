"""What a process has taken for a moment is not kept by it."""

from __future__ import annotations

import subprocess
import sys

import pytest

MIB = 1 << 20

# Each thread is still there while the next one hashes, so that each has an arena of its own.
HASHING = """
import sys, threading
from pathlib import Path
from glance_shim import memory
from glance_shim.core.identity import passwords

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

memory.set_up() if sys.argv[1] == "set up" else None
passwords.hashed("warm")
before, done, last = resident(), threading.Event(), threading.Event()

def hash_and_stay():
    passwords.hashed("password")
    done.set()
    last.wait()

for _ in range(8):
    done.clear()
    threading.Thread(target=hash_and_stay).start()
    done.wait()
print(resident() - before)
last.set()
"""


def grown(how: str) -> int:
    """By how many bytes a process is larger once eight of its threads have hashed."""
    finished = subprocess.run(
        [sys.executable, "-c", HASHING, how], capture_output=True, text=True, timeout=60
    )
    assert finished.returncode == 0, finished.stderr
    return int(finished.stdout)


def test_no_thread_keeps_the_memory_in_which_it_has_hashed_a_password() -> None:
    usual = grown("as it is")
    if usual < 60 * MIB:
        pytest.skip(f"the C library gives it back by itself: {usual // MIB} MiB were kept")

    assert grown("set up") < 10 * MIB
