"""A service that fails the way its switches say."""

from __future__ import annotations

import collections
import json
import threading
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from glance_shim import errors
from glance_shim.context import Deployment
from glance_shim.stores.base import Reading
from glance_shim.testing import switches

RETRY_AFTER = {429: "1", 503: "1"}

MESSAGE = "This answer was asked for by a test"


class FailingAnswers:
    """A WSGI application in front of the real one, which answers where it is told to."""

    def __init__(self, application: Any, board: Any) -> None:
        self._application = application
        self._board = board
        self._answered: collections.Counter[int] = collections.Counter()
        self._counting = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        for fault in self._board.turned.faults:
            if fault["kind"] == switches.ANSWER and self._concerns(fault, environ):
                return _answer(fault["status"], start_response)
        answer: Iterable[bytes] = self._application(environ, start_response)
        return answer

    def _concerns(self, fault: dict[str, Any], environ: dict[str, Any]) -> bool:
        if not environ["PATH_INFO"].startswith(fault["path"]):
            return False
        if fault["method"] not in ("", environ["REQUEST_METHOD"]):
            return False
        with self._counting:
            self._answered[fault["number"]] += 1
            return fault["times"] is None or self._answered[fault["number"]] <= fault["times"]


def _answer(status: int, start_response: Any) -> Iterable[bytes]:
    title = HTTPStatus(status).phrase
    body = json.dumps({"error": {"code": status, "title": title, "message": MESSAGE}}).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    if status in RETRY_AFTER:
        headers.append(("Retry-After", RETRY_AFTER[status]))
    if status == HTTPStatus.UNAUTHORIZED:
        headers.append(("WWW-Authenticate", 'Keystone uri="/identity"'))
    start_response(f"{status} {title}", headers)
    return [body]


class FailingStore:
    """A store in front of the real one, which is slow or away where it is told to be."""

    def __init__(self, store: Any, board: Any) -> None:
        self._store = store
        self._board = board

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def add(self, blob_id: str, chunks: Iterable[bytes], expected: int | None = None) -> int:
        self._suffer()
        return int(self._store.add(blob_id, chunks, expected))

    def read(self, blob_id: str, offset: int = 0, length: int | None = None) -> Reading:
        self._suffer()
        reading: Reading = self._store.read(blob_id, offset, length)
        return reading

    def delete(self, blob_id: str) -> None:
        self._suffer()
        self._store.delete(blob_id)

    def _suffer(self) -> None:
        for fault in self._board.turned.faults:
            if fault["kind"] == switches.STORE:
                time.sleep(fault.get("seconds", 0))
                if fault.get("away"):
                    raise errors.StoreUnavailable(store_id=self._store.store_id)


def put_into(deployment: Deployment, board: Any) -> None:
    """Let every store of a deployment, which is not in use yet, follow the switches."""
    stores = deployment.stores
    for name, store in stores.items():
        stores[name] = FailingStore(store, board)
    stores.default = stores[stores.default.store_id]
    stores.staging = FailingStore(stores.staging, board)
