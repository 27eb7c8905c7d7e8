"""The machine: who runs the service, its disks, its clock and its limits."""

from __future__ import annotations

import contextlib
import email.utils
import os
import pwd
import resource
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from glance_shim import errors
from glance_shim.context import Deployment
from glance_shim.db import schema, urls
from glance_shim.doctor.finding import Finding, ok, problem, warning

GIB = 1 << 30
LEAST_FREE = GIB
LEAST_SHARE = 0.05

# Tokens end to the second; object stores refuse what is signed at another time.
SKEW_TO_WARN, SKEW_TO_FAIL = 5, 60
PATIENCE = 5.0

FILES_BESIDE = 100


def user(deployment: Deployment, files: Sequence[str]) -> Iterator[Finding]:
    """Whether who looks is who serves: what this program makes is for its user only."""
    place = Path(deployment.config.state_path)
    if not place.exists():
        return
    owner, mine = place.stat().st_uid, os.geteuid()
    if owner != mine:
        name = _name(owner)
        yield warning(
            "user",
            f"{place} belongs to {name}, but this is run by {_name(mine)}, who may be able "
            "to do what the service is not",
            f"run it as {name}: sudo -u {name} glance-shim doctor",
        )


def _name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def room(deployment: Deployment, files: Sequence[str]) -> Iterator[Finding]:
    """Whether the disks have room left, each once."""
    seen: dict[int, str] = {}
    for what, path in places(deployment):
        if not path.exists():
            continue
        device = path.stat().st_dev
        if device in seen:
            continue
        seen[device] = what
        total, _, free = shutil.disk_usage(path)
        words = f"{free / GIB:.1f} of {total / GIB:.1f} GiB are free at {path} ({what})"
        if free < LEAST_FREE or free < total * LEAST_SHARE:
            yield warning("room", words, "make room, or move it to a larger disk")
        else:
            yield ok("room", words)


def places(deployment: Deployment) -> Iterator[tuple[str, Path]]:
    """What is kept in directories of this machine, and where."""
    config = deployment.config
    for name, store in [*deployment.stores.items(), ("staging", deployment.stores.staging)]:
        root = getattr(store, "root", None)
        if root:
            yield f"store {name}" if name != "staging" else "staging", Path(root)
    database = urls.path_of(config.database.connection)
    if database:
        yield "the database", Path(database).absolute().parent
    if config.image_cache_dir:
        yield "the cache", Path(config.image_cache_dir)


def clocks(deployment: Deployment, files: Sequence[str]) -> Iterator[Finding]:
    """Whether the clock goes as those of the database, Keystone and the object stores do.

    By the first of these all hosts are compared with each other.
    """
    for what, moment in _other_times(deployment):
        skew = time.time() - moment
        words = f"this clock and that of {what} differ by {abs(skew):.0f} s"
        mend = "let the clocks of both machines be set by NTP"
        if abs(skew) >= SKEW_TO_FAIL:
            yield problem("clock", words, mend)
        elif abs(skew) >= SKEW_TO_WARN:
            yield warning("clock", words, mend)
        else:
            yield ok("clock", words)


def _other_times(deployment: Deployment) -> Iterator[tuple[str, float]]:
    """The clocks of others that can be asked, and what they say at that moment."""
    with contextlib.suppress(errors.ConfigurationError), schema.reaching(deployment.database):
        moment = deployment.database.server_time()
        if moment is not None:
            yield "the database", moment
    for what, url in _neighbours(deployment):
        moment = _time_at(url)
        if moment is not None:
            yield what, moment


def _neighbours(deployment: Deployment) -> Iterator[tuple[str, str]]:
    config = deployment.config
    login = config.keystone_authtoken.login
    if config.auth_strategy == "keystone" and login and login[1].get("auth_url"):
        yield "Keystone", str(login[1]["auth_url"])
    for name, options in config.backends.items():
        if options.type == "s3":
            host = str(options.s3_store_host)
            yield f"store {name}", host if "://" in host else f"https://{host}"


def _time_at(url: str) -> float | None:
    """What time a server says it is, whatever else it answers; to the second."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310
            said = answer.headers.get("Date")
    except urllib.error.HTTPError as exc:
        said = exc.headers.get("Date")
    except (OSError, ValueError):
        return None
    try:
        return email.utils.parsedate_to_datetime(said).timestamp() if said else None
    except ValueError:
        return None


def limits(deployment: Deployment, files: Sequence[str]) -> Iterator[Finding]:
    """Whether each process may open as many files as it has threads to use them."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = int(deployment.config.threads) * 3 + FILES_BESIDE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        words = f"a process may open {soft} files, and {wanted} may be needed by its threads"
        yield warning("limits", words, f"set LimitNOFILE={wanted} in the unit")
    else:
        yield ok("limits", f"a process may open {soft} files")


def programs(deployment: Deployment, files: Sequence[str]) -> Iterator[Finding]:
    """Whether the programs that imports run are there."""
    plugins = deployment.config.image_import_opts.image_import_plugins or ()
    if "image_conversion" in plugins and shutil.which("qemu-img") is None:
        yield problem(
            "imports",
            "image_import_plugins has image_conversion, which runs qemu-img; there is none",
            "apt install qemu-utils, or dnf install qemu-img",
        )
