"""What a browser keeps for the dashboard, so that only this service can read or make it."""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from cryptography import fernet

from glance_shim import errors

KEY_FILE = "dashboard-key"


def seal(config: Any, purpose: str, content: Any) -> str:
    """``content``, which JSON can hold, as text that only `unseal` understands.

    What is sealed for one purpose is nothing for another.
    """
    return _fernet(config, purpose).encrypt(json.dumps(content).encode()).decode()


def unseal(config: Any, purpose: str, text: str | None, seconds: int | None = None) -> Any:
    """What was sealed for it, not more than ``seconds`` ago; ``None`` for anything else."""
    if not text or not text.isascii():
        return None
    try:
        return json.loads(_fernet(config, purpose).decrypt(text.encode(), ttl=seconds))
    except (fernet.InvalidToken, ValueError):
        return None


def _fernet(config: Any, purpose: str) -> fernet.Fernet:
    key = config.dashboard_secret_key or _of_this_machine(config.state_path)
    return _of_key(key, purpose)


@functools.lru_cache(maxsize=8)
def _of_key(key: str, purpose: str) -> fernet.Fernet:
    digest = hmac.digest(key.encode(), purpose.encode(), hashlib.sha256)
    return fernet.Fernet(base64.urlsafe_b64encode(digest))


@functools.lru_cache(maxsize=8)
def _of_this_machine(directory: str) -> str:
    """The key in ``state_path``, which is made, for its owner only, if there is none.

    Raises `errors.Unavailable` where that is not possible.
    """
    path = Path(directory) / KEY_FILE
    try:
        if not path.exists():
            _make(path)
        return path.read_text()
    except OSError as exc:
        raise errors.Unavailable(
            reason="The dashboard cannot keep a key (set dashboard_secret_key, or a state_path "
            "that can be written to)"
        ) from exc


def _make(path: Path) -> None:
    """Of several processes that start at once, one makes the key and all read that."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
