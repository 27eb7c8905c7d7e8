"""The session with which Keystone is asked as the service user."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from keystoneauth1 import exceptions, session


class Session(session.Session):
    """A session that never waits for its own login.

    To log in, keystoneauth1 first asks the server which versions it has, and
    asks again with a login if that is refused: the login then waits for itself
    for ever. Here it fails, and the log says why.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._thread = threading.local()

    def get_auth_headers(self, auth: Any = None, **kwargs: Any) -> Any:
        """The headers of a login; raises `DiscoveryFailure` in the middle of another."""
        with self._once(auth):
            return super().get_auth_headers(auth, **kwargs)

    def get_endpoint(self, auth: Any = None, **kwargs: Any) -> Any:
        """Where a service is; raises `DiscoveryFailure` in the middle of a login."""
        with self._once(auth):
            return super().get_endpoint(auth, **kwargs)

    @contextlib.contextmanager
    def _once(self, auth: Any) -> Iterator[None]:
        outer = getattr(self._thread, "busy", False)
        if outer and getattr(auth or self.auth, "auth_ref", None) is None:
            raise exceptions.DiscoveryFailure("It wants a login before it says how to log in")
        self._thread.busy = True
        try:
            yield
        finally:
            self._thread.busy = outer
