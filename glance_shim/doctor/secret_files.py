"""Files with secrets, and who can read them."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from glance_shim.context import Deployment
from glance_shim.db import urls
from glance_shim.doctor.finding import Finding, ok, problem, warning

SECRET = re.compile(
    r"^\s*(admin_token|password|[\w-]*secret[\w-]*|connection\s*=\s*\w[\w+]*://[^/\s]*:[^/\s]+@)",
    re.MULTILINE,
)


def look(deployment: Deployment, files: Sequence[str]) -> Iterator[Finding]:
    """Whether nobody but the service reads what is secret."""
    found = False
    for path, what in _secret(deployment, files):
        try:
            mode = path.stat().st_mode
        except OSError as exc:
            mend = f"let the service read {path}, or correct the option"
            yield problem("secrets", f"{path} ({what}) cannot be read: {exc.strerror}", mend)
            continue
        found = True
        if mode & stat.S_IRWXO:
            words = f"{path} ({what}) can be read by every user of this machine"
            yield problem("secrets", words, f"chmod o= {path}")
        elif mode & stat.S_IWGRP:
            words = f"{path} ({what}) can be changed by its group"
            yield warning("secrets", words, f"chmod g-w {path}")
        else:
            yield ok("secrets", f"{path} ({what}) is for its owner and group")
    if not found:
        yield ok("secrets", "no file has any")


def _secret(deployment: Deployment, files: Sequence[str]) -> Iterator[tuple[Path, str]]:
    for file in map(Path, files):
        if SECRET.search(file.read_text(errors="replace")):
            yield file, "options with secrets"
    config = deployment.config
    database = urls.path_of(config.database.connection)
    if database and Path(database).exists():
        yield Path(database), "the database"
    for name, options in config.backends.items():
        credentials = getattr(options, "s3_store_credentials_file", None)
        if credentials:
            yield Path(credentials), f"credentials of store {name}"
