"""Queries on failed logins."""

from __future__ import annotations

from glance_shim.db.models.identity import LoginFailure

# The newest are kept, however many addresses take part in an attack.
LARGEST_TABLE = 100_000


def add(account: str, address: str, at: float, keep_from: float) -> None:
    """Insert a failure and delete those that are too old or too many."""
    row_id = LoginFailure.insert(account=account, address=address, at=at).execute()
    (
        LoginFailure.delete()
        .where((LoginFailure.at < keep_from) | (LoginFailure.id <= row_id - LARGEST_TABLE))
        .execute()
    )


def latest(
    since: float, limit: int, account: str | None = None, address: str | None = None
) -> list[float]:
    """The moments of the newest failures after ``since``, newest first."""
    query = LoginFailure.select(LoginFailure.at).where(LoginFailure.at > since)
    if account is not None:
        query = query.where(LoginFailure.account == account)
    if address is not None:
        query = query.where(LoginFailure.address == address)
    newest = query.order_by(LoginFailure.at.desc()).limit(limit)
    return [at for (at,) in newest.tuples()]


def remove(account: str, address: str) -> None:
    """Forget the failures of a pair."""
    (
        LoginFailure.delete()
        .where((LoginFailure.account == account) & (LoginFailure.address == address))
        .execute()
    )
