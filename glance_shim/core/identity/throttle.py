"""Slowing down whoever guesses passwords.

Failures are counted in the database, so that all processes see them and a
restart forgets none. Nothing is ever locked for good: a lock would let
anybody shut anybody out.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import ipaddress
import math
from collections.abc import Iterator

from glance_shim import clock, errors
from glance_shim.context import Context
from glance_shim.db.identity import login_failures as rows

WINDOW = 3600.0

ACCOUNT_TIME = 2.0


@dataclasses.dataclass(frozen=True)
class Attempt:
    """A try on an account from an address, under the words by which both are counted."""

    account: str
    address: str


def attempt(account: str, address: str | None) -> Attempt:
    """The try on ``account`` (a user's id, or the name that was typed) from ``address``.

    The account is counted by a hash, because people type passwords into the
    wrong field; an IPv6 address by its /64, because everybody has a whole one.
    """
    digest = hashlib.sha256(account.encode("utf-8", "surrogatepass")).hexdigest()
    return Attempt(digest, network_of(address or ""))


def network_of(address: str) -> str:
    """The words by which an address is counted."""
    if ":" not in address:
        return address[:64]
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if parsed.version == 6 and parsed.ipv4_mapped is None:
        return str(ipaddress.IPv6Network((int(parsed) >> 64 << 64, 64)))
    return str(parsed)


def check(context: Context, tried: Attempt) -> None:
    """Raise `errors.TooManyRequests` while such a try has to wait.

    After ``login_failures`` in a row the account waits, for this address only;
    after ``login_failures_of_address`` in an hour the address waits, whatever
    the account. Tries that are refused here do not count.
    """
    options, now = context.config.identity, clock.now()
    of_pair, of_address = options.login_failures, options.login_failures_of_address
    pair = rows.latest(now - WINDOW, of_pair, tried.account, tried.address)
    from_address = rows.latest(now - WINDOW, of_address, address=tried.address)
    wait = 0.0
    if len(pair) == of_pair:
        wait = pair[0] + options.login_failures_wait - now
    if len(from_address) == of_address:
        wait = max(wait, from_address[-1] + WINDOW - now)
    if wait > 0:
        raise errors.TooManyRequests(seconds=math.ceil(wait))


@contextlib.contextmanager
def paced(context: Context, tried: Attempt) -> Iterator[None]:
    """Let the block take at least 2 s after too many failures in an hour, from wherever."""
    started, most = clock.now(), context.config.identity.login_failures_of_account
    failures = rows.latest(started - WINDOW, most, tried.account)
    try:
        yield
    finally:
        if len(failures) == most:
            clock.sleep(max(0.0, started + ACCOUNT_TIME - clock.now()))


def note(tried: Attempt, right: bool) -> None:
    """Count a failure; a success ends the row of failures."""
    if right:
        rows.remove(tried.account, tried.address)
    else:
        now = clock.now()
        rows.add(tried.account, tried.address, now, keep_from=now - WINDOW)
