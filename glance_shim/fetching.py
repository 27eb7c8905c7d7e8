"""Fetching what a user has named, without being made to reach what the user cannot.

Every address that a name stands for is judged, the connection goes to one that
was judged, and a redirect is treated as a new URL. No proxy, cookie or
password file of the environment has a say. What is told about a failure is one
of few sentences, so that nobody can look around in a network by asking; the
log has the rest.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import logging
import re
import socket
import string
import types
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from glance_shim import addresses, errors, exchange
from glance_shim.exchange import PORTS, Answer, Target

log = logging.getLogger(__name__)

LONGEST_URL = 8192
LONGEST_NAME = 253
HIGHEST_PORT = 65535
LARGEST_DOCUMENT = 1 << 20
MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
NOTHING: Mapping[str, str] = types.MappingProxyType({})
FIRST_BYTE = {"Range": "bytes=0-0"}

ODD_CHARACTER = re.compile(r"[\x00-\x20\x7f\\]")
USER_INFO = re.compile(r"(?<=//)[^/?#]*@")
NETLOC = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:@]+)(?::([0-9]{0,5}))?")
NAME = re.compile(r"(?:[a-z0-9_][a-z0-9_-]{0,62}\.)*[a-z0-9_][a-z0-9_-]{0,62}")
# With such an end, a name is an address to resolvers: 127.1, 2130706433, 0x7f000001.
NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)")

UNREADABLE = "it is not a URL with scheme, host and port"
NO_NAME = "its host is neither a name nor an address in its usual form"
# The same for a name that stands for nothing, so that names cannot be tried out.
OUT_OF_REACH = "its host is not one that may be reached"

NOT_FETCHED = "it could not be fetched"
TOO_LARGE = "it is too large"
NOT_WHOLE = "it ended early or has not the length that was announced"
OTHER_SIZE = "it has not the size that it is known to have"
ENCODED = "it is encoded, for example compressed"


def check(url: str, options: Any) -> None:
    """Raise `errors.RefusedURL` if ``url`` may not be fetched.

    ``options`` are those of the section ``import_filtering_opts``.
    """
    _target(url, options)


def _target(url: str, options: Any) -> Target:
    """Where ``url`` leads; raises `errors.RefusedURL` if it may not be fetched."""
    scheme, netloc, path = _split(url)
    if scheme not in PORTS or not _listed(scheme, options, "schemes"):
        raise _refused(url, f"the scheme '{scheme}' is not allowed")
    if "@" in netloc:
        raise _refused(url, "it names a user")
    match = NETLOC.fullmatch(netloc)
    port = int(match[2] or 0) if match else 0
    if match is None or port > HIGHEST_PORT:
        raise _refused(url, UNREADABLE)
    try:
        host = _plain(match[1])
    except ValueError as exc:
        raise _refused(url, NO_NAME) from exc
    if not _listed(host, options, "hosts"):
        raise _refused(url, "the host is not allowed")
    if port and not _listed(str(port), options, "ports"):
        raise _refused(url, f"the port {port} is not allowed")
    port = port or PORTS[scheme]
    found = _reachable(host, port, options)
    if not found:
        raise _refused(url, OUT_OF_REACH)
    return Target(scheme, host, port, path, found)


def _split(url: str) -> tuple[str, str, str]:
    """Scheme, network location, and path with query as they are asked for."""
    if len(url) > LONGEST_URL or ODD_CHARACTER.search(url):
        raise _refused(url, UNREADABLE)
    try:
        parts = urllib.parse.urlsplit(url)
        path = urllib.parse.quote(parts.path or "/", string.punctuation)
        query = urllib.parse.quote(parts.query, string.punctuation)
    except ValueError as exc:
        raise _refused(url, UNREADABLE) from exc
    return parts.scheme, parts.netloc, f"{path}?{query}" if query else path


def _refused(url: str, reason: str) -> errors.RefusedURL:
    """The error, showing the URL without a password and without what spoils a log."""
    shown = "".join(each if each.isprintable() else "?" for each in USER_INFO.sub("…@", url))
    return errors.RefusedURL(url=shown, reason=reason)


def _plain(text: str) -> str:
    """A host in the one form that is compared and resolved; raises ``ValueError``."""
    bare = text.strip("[]").lower()
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(bare))
    if len(bare) > LONGEST_NAME:
        raise ValueError(NO_NAME)
    name = bare.encode("idna").decode("ascii").lower().removesuffix(".")
    if not NAME.fullmatch(name) or NUMBER.fullmatch(name):
        raise ValueError(NO_NAME)
    return name


def _listed(value: str, options: Any, what: str) -> bool:
    """Glance's rule for its pairs of lists: the second counts only without the first."""
    allowed = _entries(getattr(options, f"allowed_{what}"))
    return value in allowed if allowed else value not in _barred(options, what)


def _barred(options: Any, what: str) -> set[str]:
    if getattr(options, f"allowed_{what}"):
        return set()
    return _entries(getattr(options, f"disallowed_{what}"))


def _entries(values: Iterable[Any]) -> set[str]:
    """What operators have listed, addresses and names in their plain form."""
    entries = {str(value).strip().lower() for value in values}
    for entry in tuple(entries):
        with contextlib.suppress(ValueError):
            entries.add(_plain(entry))
    return entries


def resolve(host: str, port: int) -> list[str]:
    """The addresses that a name stands for; raises ``OSError`` if it stands for none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _reachable(host: str, port: int, options: Any) -> tuple[str, ...]:
    """Those addresses of the host that a connection may be made to."""
    try:
        found = [str(ipaddress.ip_address(host))]
    except ValueError:
        try:
            found = resolve(host, port)
        except (OSError, UnicodeError) as exc:
            log.info("%s cannot be resolved: %s", host, exc)
            return ()
    if host in _entries(options.allowed_hosts):
        return tuple(found)
    barred, opened = _barred(options, "hosts"), options.allowed_networks
    strict = options.refuse_private_networks
    kept = [
        address
        for address in found
        if address not in barred and addresses.may_be_reached(address, opened, strict)
    ]
    if kept != found:
        refused = ", ".join(address for address in found if address not in kept)
        log.warning("%s is also, or only, %s, which may not be reached", host, refused)
    return tuple(kept)


class Fetched:
    """Data that is being fetched.

    ``size`` is how many bytes there will be, if that is known. Iterating gives
    them in blocks of 256 KiB, and raises `errors.SourceFailed` when there are
    more or fewer, when they stop coming, and when more than ``limit`` arrive.
    """

    def __init__(
        self, answer: Answer, limit: int, size: int | None, skip: int | None = None
    ) -> None:
        """``skip`` is set if all comes though a part is wanted, which begins there."""
        if max(answer.length or 0, size or 0) > limit:
            raise errors.SourceFailed(reason=TOO_LARGE)
        self._answer = answer
        self._limit = limit
        self._skip = skip
        self.size = size

    def __iter__(self) -> Iterator[bytes]:
        blocks = self._received()
        given = 0
        for block in blocks if self._skip is None else _part(blocks, self._skip, self.size):
            given += len(block)
            yield block
        if self.size is not None and given != self.size:
            raise errors.SourceFailed(reason=NOT_WHOLE)

    def _received(self) -> Iterator[bytes]:
        received = 0
        with _failing_as(NOT_WHOLE, self._answer.target):
            for block in self._answer.blocks():
                received += len(block)
                if received > self._limit:
                    raise errors.SourceFailed(reason=TOO_LARGE)
                yield block

    def close(self) -> None:
        """Close the connection; twice is no error."""
        self._answer.close()


def _part(blocks: Iterable[bytes], skip: int, size: int | None) -> Iterator[bytes]:
    """``size`` bytes, or all, of those after the first ``skip``."""
    for block in blocks:
        wanted = block[skip:] if size is None else block[skip : skip + size]
        skip = max(0, skip - len(block))
        if wanted:
            yield wanted
        if size is not None:
            size -= len(wanted)
            if not size:
                return


def fetch(
    url: str,
    options: Any,
    limit: int,
    headers: Mapping[str, str] = NOTHING,
    offset: int = 0,
    length: int | None = None,
    total: int | None = None,
) -> Fetched:
    """Open ``url``, following redirects, to read at most ``limit`` bytes from it.

    ``headers`` go to the first origin only. With ``offset`` or ``length`` only
    that part is given; from a server that makes no parts, all is read up to
    its end. ``total``, if given, is how many bytes there must be in all.
    Raises `errors.RefusedURL` and `errors.SourceFailed`.
    """
    last = "" if length is None else offset + length - 1
    part = {"Range": f"bytes={offset}-{last}"} if offset or length is not None else NOTHING
    answer = _follow("GET", url, options, headers, part)
    try:
        _require_data(answer, (200, 206) if part else (200,))
        if answer.status == 206:
            return Fetched(answer, limit, _granted(answer, offset, length, total))
        whole = total if answer.length is None else answer.length
        if total not in (None, whole):
            raise errors.SourceFailed(reason=OTHER_SIZE)
        if not part:
            return Fetched(answer, limit, whole)
        size = whole - offset if length is None and whole is not None else length
        return Fetched(answer, limit, size, skip=offset)
    except BaseException:
        answer.close()
        raise


def _require_data(answer: Answer, statuses: Sequence[int]) -> None:
    """Raise `errors.SourceFailed` unless the body is the data that was asked for."""
    # Refresh is a redirect by another name, and what comes with it is not the data.
    if answer.status not in statuses or "Refresh" in answer.headers:
        log.info("%s answers %d", answer.target.authority, answer.status)
        raise errors.SourceFailed(reason=NOT_FETCHED)
    if answer.is_encoded:
        raise errors.SourceFailed(reason=ENCODED)


def _granted(answer: Answer, offset: int, length: int | None, total: int | None) -> int:
    """The size of the part that is sent, if it is the one that was asked for."""
    match = CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    first, last = (int(match[1]), int(match[2])) if match else (-1, -1)
    size = last + 1 - first
    if first != offset or size < 1 or (length is not None and size != length):
        log.info("%s sends another part", answer.target.authority)
        raise errors.SourceFailed(reason=NOT_FETCHED)
    if match and total is not None and match[3] not in ("*", str(total)):
        raise errors.SourceFailed(reason=OTHER_SIZE)
    return size


def size(url: str, options: Any) -> int | None:
    """How many bytes there are at ``url``; ``None`` if the server does not say."""
    with contextlib.closing(_follow("HEAD", url, options)) as answer:
        if answer.status == 200 and not answer.is_encoded and answer.length is not None:
            return answer.length
    with contextlib.closing(_follow("GET", url, options, NOTHING, FIRST_BYTE)) as answer:
        _require_data(answer, (200, 206))
        if answer.status == 200:
            return answer.length
        match = CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        return int(match[3]) if match and match[3] != "*" else None


def get_json(
    url: str, options: Any, headers: Mapping[str, str] = NOTHING, limit: int = LARGEST_DOCUMENT
) -> Any:
    """The JSON document at ``url``; raises as `fetch` does."""
    with contextlib.closing(fetch(url, options, limit, headers)) as fetched:
        try:
            return orjson.loads(b"".join(fetched))
        except orjson.JSONDecodeError as exc:
            raise errors.SourceFailed(reason="it is not a JSON document") from exc


def post_json(
    url: str, options: Any, document: Any, headers: Mapping[str, str] = NOTHING
) -> None:
    """Send a JSON document to ``url``; raises as `fetch` does unless it is taken.

    A redirect is not followed: what was meant for one server is not for another.
    """
    target = _target(url, options)
    sent = {**headers, "Content-Type": "application/json"}
    with contextlib.closing(_ask("POST", target, sent, orjson.dumps(document))) as answer:
        if not 200 <= answer.status < 300:
            log.info("%s answers %d", target.authority, answer.status)
            raise errors.SourceFailed(reason="it did not take the document")


@contextlib.contextmanager
def _failing_as(reason: str, target: Target) -> Iterator[None]:
    """Turn what the network and the other side do into one sentence."""
    try:
        yield
    except (OSError, http.client.HTTPException) as exc:
        log.info("Fetching from %s failed: %r", target.authority, exc)
        raise errors.SourceFailed(reason=reason) from exc


def _ask(
    method: str, target: Target, headers: Mapping[str, str], body: bytes | None = None
) -> Answer:
    with _failing_as(NOT_FETCHED, target):
        return exchange.ask(method, target, headers, body)


def _follow(
    method: str,
    url: str,
    options: Any,
    headers: Mapping[str, str] = NOTHING,
    wanted: Mapping[str, str] = NOTHING,
) -> Answer:
    """The answer at the end of the redirects.

    ``headers`` are sent until the first redirect to another origin, ``wanted``
    to the end.
    """
    target = _target(url, options)
    for _ in range(1 + MOST_REDIRECTS):
        answer = _ask(method, target, {**headers, **wanted})
        location = answer.headers.get("Location")
        if answer.status not in REDIRECTS or location is None:
            return answer
        answer.close()
        url = _joined(url, location)
        previous, target = target, _target(url, options)
        if previous.scheme == "https" and target.scheme == "http":
            raise _refused(url, "it leads from https to http")
        if previous.origin != target.origin:
            headers = NOTHING
    log.info("Fetching from %s failed: too many redirects", target.authority)
    raise errors.SourceFailed(reason=NOT_FETCHED)


def _joined(url: str, location: str) -> str:
    # Headers are read as Latin-1; by this, what is not ASCII stands for its bytes again.
    location = urllib.parse.quote(location, string.punctuation, encoding="latin-1")
    try:
        return urllib.parse.urljoin(url, location)
    except ValueError as exc:
        raise _refused(location, UNREADABLE) from exc
