"""Hashing passwords, checking them, and how much of that happens at once."""

from __future__ import annotations

import contextlib
import functools
import secrets
import threading
import unicodedata
from collections.abc import Iterator
from typing import Any

import argon2

from glance_shim import errors
from glance_shim.context import Context
from glance_shim.core import identity
from glance_shim.core.identity import throttle

# A hash takes 19 MiB and about 25 ms: what OWASP recommends first for argon2id.
PARAMETERS: dict[str, Any] = {"memory_cost": 19 * 1024, "time_cost": 2, "parallelism": 1}

LONGEST = 1024
LONGEST_WAIT = 2.0


def generated() -> str:
    """A new password of 128 random bits."""
    return identity.random_text(16)


def hashed(password: str) -> str:
    """The hash to keep; it names its own parameters and salt."""
    return _hasher().hash(_prepared(password))


def verify(
    context: Context,
    attempt: throttle.Attempt,
    password: str,
    kept: str | None,
    enabled: bool = True,
) -> bool:
    """Does the password belong to the hash, and to an account that is enabled?

    Without a hash the answer is no, after the same time: whether an account
    exists does not show. Raises `errors.PasswordUnusable` before looking at
    anything, and `errors.TooManyRequests` and `errors.PasswordChecksBusy`
    without having tried.
    """
    given = _prepared(password)
    throttle.check(context, attempt)
    with throttle.paced(context, attempt), one_of_few(context):
        # Others who waited here as well may have failed meanwhile.
        throttle.check(context, attempt)
        right = _matches(given, kept) and enabled
        throttle.note(attempt, right)
    return right


def renewed(context: Context, password: str, kept: str) -> str | None:
    """A new hash of a password that was right, if the old one has old parameters."""
    if not _hasher().check_needs_rehash(kept):
        return None
    with one_of_few(context):
        return hashed(password)


@contextlib.contextmanager
def one_of_few(context: Context) -> Iterator[None]:
    """Hash in the block only: few threads of a process do so at the same time.

    Raises `errors.PasswordChecksBusy` after waiting for two seconds.
    """
    slots = _slots(context.config.identity.password_checks_at_once)
    if not slots.acquire(timeout=LONGEST_WAIT):
        raise errors.PasswordChecksBusy()
    try:
        yield
    finally:
        slots.release()


def _prepared(password: str) -> bytes:
    """The bytes that are hashed: the same for all ways to type a character."""
    normal = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    if not 1 <= len(normal) <= LONGEST:
        raise errors.PasswordUnusable(limit=LONGEST)
    return normal


def _matches(given: bytes, kept: str | None) -> bool:
    try:
        _hasher().verify(kept or _nobodys_hash(), given)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
    return kept is not None


def _hasher() -> argon2.PasswordHasher:
    return argon2.PasswordHasher(type=argon2.Type.ID, **PARAMETERS)


@functools.cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_bytes(16))


@functools.cache
def _slots(count: int) -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(count)
