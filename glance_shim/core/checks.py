"""What would keep the service from working, found before it is started."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from glance_shim import errors
from glance_shim.context import Deployment
from glance_shim.db import schema


def problems(deployment: Deployment) -> Iterator[str]:
    """A line for everything that is wrong; none if the service can start."""
    for name, check in _checks(deployment).items():
        try:
            check()
        except errors.Error as exc:
            yield f"{name}: {exc}"


def _checks(deployment: Deployment) -> dict[str, Callable[[], None]]:
    checks: dict[str, Callable[[], None]] = {"database": lambda: _database(deployment)}
    stores = {f"store {name}": store for name, store in deployment.stores.items()}
    stores["staging"] = deployment.stores.staging
    checks |= {name: store.check for name, store in stores.items()}
    check_tokens = getattr(deployment.tokens, "check", None)
    if check_tokens is not None:
        checks["keystone"] = check_tokens
    return checks


def _database(deployment: Deployment) -> None:
    schema.check(deployment.database)
    with schema.reaching(deployment.database):
        if deployment.database.is_read_only():
            raise errors.ConfigurationError(
                reason="the database takes no changes; is it a replica, or its disk full?"
            )
