"""Memory of a process that stays: private, and given back when it is not needed."""

from __future__ import annotations

import ctypes
import resource

MIB = 1 << 20
# mallopt(3) of glibc.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8


def set_up() -> None:
    """Hold for this process and its children what the functions here say."""
    keep_private()
    give_back()


def keep_private() -> None:
    """Leave no dump of the memory, which holds secrets."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def give_back() -> None:
    """Return what is large to the system as soon as it is free, where the C library can.

    glibc raises the size from which it does so to that of the largest piece it has seen, the 19
    MiB in which a password is hashed, and then keeps as much for each of up to eight arenas a
    core: two processes grew from 145 to 590 MiB within a minute of logins. Threads that have to
    take turns anyway need no arenas of their own: after lists, changes, uploads and downloads
    two processes hold 114 MiB, where with an arena for each thread it was 145.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, 8 * MIB)
        mallopt(M_TRIM_THRESHOLD, 4 * MIB)
        mallopt(M_ARENA_MAX, 1)
