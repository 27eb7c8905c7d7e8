"""The parts of a deployment: database, stores, who knows people, and the service itself."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence

from glance_shim import errors
from glance_shim.context import Deployment
from glance_shim.core import checks
from glance_shim.core.identity import roles, system_context
from glance_shim.db import connection, schema, urls
from glance_shim.doctor.finding import Finding, ok, problem, warning
from glance_shim.options.keystone import AUTH_SECTIONS

PATIENCE = 5.0
LONGEST_CHECK = 20.0

MENDS = {
    "database": "look at [database] connection; 'glance-shim db upgrade' makes and upgrades it",
    "keystone": "look at [keystone_authtoken], and whether the service user has a role",
    "cache": "look at image_cache_dir",
    "staging": "look at [os_glance_staging_store], or node_staging_uri",
}
NETWORK = ("nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "ceph", "fuse.glusterfs")

LOOPBACK = ("127.0.0.1", "::1", "localhost")
FOREIGN = ("keystone", "front")
WITH_PEOPLE = ("embedded", "http_basic")


def database(deployment: Deployment, files: Sequence[str]) -> Iterator[Finding]:
    """Whether it can be used, and lies where it can be locked."""
    yield from _as_checked(deployment, "database")
    path = urls.path_of(deployment.config.database.connection)
    kind = _filesystem_of(path) if path else None
    if kind in NETWORK:
        yield problem(
            "database",
            f"the SQLite file {path} is on a network file system ({kind}), where locks fail",
            "put it on a disk of this machine, or use PostgreSQL or MariaDB",
        )
    yield from _connections(deployment)


def _connections(deployment: Deployment) -> Iterator[Finding]:
    """Whether the database grants the connections that the processes of this host may take."""
    config = deployment.config
    at_once = min(config.database.max_pool_size, config.threads + config.task.workers)
    wanted = at_once * config.workers
    try:
        with schema.reaching(deployment.database):
            granted = deployment.database.most_connections()
    except errors.ConfigurationError:
        return
    if granted is not None and wanted > granted:
        yield warning(
            "database",
            f"{config.workers} processes may take {wanted} connections at once, and the "
            f"database grants {granted} to all hosts together",
            "raise max_connections of the database, or set [database] max_pool_size to "
            f"{granted // config.workers} or less",
        )


def stores(deployment: Deployment, files: Sequence[str]) -> Iterator[Finding]:
    """Whether each store, and the places of staged and cached data, take data."""
    for name in deployment.stores:
        yield from _as_checked(deployment, f"store {name}")
    yield from _as_checked(deployment, "staging")
    if deployment.config.image_cache_dir:
        yield from _as_checked(deployment, "cache")


def identity(deployment: Deployment, files: Sequence[str]) -> Iterator[Finding]:
    """Whether somebody can log in, or the Keystone can be asked."""
    strategy = deployment.config.auth_strategy
    if strategy == "keystone":
        yield from _as_checked(deployment, "keystone")
        for section in AUTH_SECTIONS:
            if getattr(deployment.config, section).insecure:
                yield warning(
                    "keystone",
                    f"[{section}] insecure: whoever answers in its place has all tokens",
                    f"name its authority in [{section}] cafile, and remove insecure",
                )
        return
    if strategy not in WITH_PEOPLE:
        yield ok("identity", f"auth_strategy is {strategy}")
        return
    try:
        with connection.connected(deployment.database):
            found = roles.get_assignments(system_context(deployment))
    except connection.FAILURES:
        return
    if any(assignment.role == "admin" for assignment in found):
        yield ok("identity", "somebody is an administrator")
        return
    yield warning(
        "identity",
        "nobody has the role admin",
        "glance-shim identity project create admin; "
        "glance-shim identity user create admin --project admin --role admin",
    )


def dashboard(deployment: Deployment, files: Sequence[str]) -> Iterator[Finding]:
    """Whether several hosts, where there can be such, know each other's sessions."""
    config = deployment.config
    one_host = urls.path_of(config.database.connection) is not None
    if one_host or not config.dashboard_enabled or config.dashboard_secret_key:
        return
    yield warning(
        "dashboard",
        "each host makes a dashboard_secret_key of its own, and ends the sessions of others",
        "set the same long random text on every host, if there are several",
    )


def service(deployment: Deployment, files: Sequence[str]) -> Iterator[Finding]:
    """Whether it answers where it listens, and where clients are told that it is."""
    config = deployment.config
    host = str(config.bind_host)
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    here = f"[{here}]" if ":" in here else here
    port = f"http://{here}:{config.bind_port}"
    failure = _failure(f"{port}/healthcheck")
    if failure is None:
        yield ok("service", f"answers at {port}")
    else:
        words = f"does not answer at {port}: {failure}"
        yield warning("service", words, "start it with 'glance-shim serve'")
    if config.public_endpoint:
        public = str(config.public_endpoint).rstrip("/")
        failure = _failure(f"{public}/healthcheck")
        if failure is None:
            yield ok("service", f"answers at public_endpoint {public}")
        elif _failure(f"{port}/healthcheck") is None:
            words = f"answers here, but not at public_endpoint {public}: {failure}"
            yield problem("service", words, "look at the proxy, or at the option")


def links(deployment: Deployment, files: Sequence[str]) -> Iterator[Finding]:
    """Whether a request can choose the host of links, where others can send one."""
    config = deployment.config
    is_seen = (
        str(config.bind_host) not in LOOPBACK
        or config.oslo_middleware.enable_proxy_headers_parsing
    )
    if is_seen and not config.public_endpoint and not config.allowed_hosts:
        yield warning(
            "links",
            "they name whatever host a request was sent to, also one that is not yours",
            "set public_endpoint, or allowed_hosts where there are several",
        )


def _failure(url: str) -> str | None:
    """Why the URL does not answer, or ``None``."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE):  # noqa: S310
            return None
    except urllib.error.HTTPError as exc:
        return f"status {exc.code}"
    except urllib.error.URLError as exc:
        return str(getattr(exc.reason, "strerror", None) or exc.reason)
    except (OSError, ValueError) as exc:
        return str(exc)


def _as_checked(deployment: Deployment, name: str) -> Iterator[Finding]:
    """What ``glance-shim check`` says of a part."""
    failure = _in_time(checks.all_of(deployment)[name])
    if failure is None:
        yield ok(name, "can be used")
    else:
        yield problem(name, failure, MENDS.get(name, f"look at the section of {name}"))


def _in_time(check: Callable[[], None]) -> str | None:
    """Why a check fails, or ``None``; one that does not end is left to itself."""
    said: list[str | None] = []

    def run() -> None:
        try:
            check()
        except errors.Error as exc:
            said.append(str(exc))
        except Exception as exc:
            said.append(f"{type(exc).__name__}: {exc}")
        else:
            said.append(None)

    checking = threading.Thread(target=run, daemon=True)
    checking.start()
    checking.join(LONGEST_CHECK)
    return said[0] if said else f"it did not answer within {LONGEST_CHECK:.0f} s"


def _filesystem_of(path: str) -> str | None:
    """The kind of file system that a path is on, where the kernel says it."""
    best, kind = "", None
    try:
        with open("/proc/mounts") as mounts:
            for line in mounts:
                _, place, found, *_ = line.split()
                inside = path == place or path.startswith(place.rstrip("/") + "/")
                if inside and len(place) >= len(best):
                    best, kind = place, found
    except OSError:
        return None
    return kind
