"""A real Keystone: its word on tokens, and requests to it as the service user.

What it says of a token is believed for a while, see ``token_cache_time``, and
never longer than the token lives. Tokens themselves are not kept, only a hash.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
import logging
import re
import threading
import urllib.parse
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import cachetools

from glance_shim import clock, errors
from glance_shim.context import with_implied
from glance_shim.core.identity.tokens import Token

log = logging.getLogger(__name__)

TOKENS_REMEMBERED = 10_000
REFUSAL_SECONDS = 5

# After a failure nobody asks for so long: many that wait for the same answer
# would else wait for one timeout after the other.
PAUSE_SECONDS = 1.0

# Longer ones are nobody's: Keystone's own have some 250 characters.
LONGEST_TOKEN = 8192

# Threads that ask about the same token wait for the first; two tokens that
# share a lock by chance merely wait for each other.
LOCKS = 64


class KeystoneUnavailable(errors.Unavailable):
    message = "The identity service does not answer at the moment; try again"


@dataclasses.dataclass(frozen=True)
class KeystoneToken(Token):
    """What Keystone says of a token; ``access_rules`` limit it to certain requests.

    Of the ``catalog`` it has what is asked for here, the image services.
    """

    access_rules: tuple[Mapping[str, str], ...] | None = None
    catalog: tuple[Mapping[str, Any], ...] = ()


class Keystone:
    """Asks a Keystone with the credentials of a section like ``[keystone_authtoken]``."""

    def __init__(self, options: Any, section: str) -> None:
        from keystoneauth1 import loading

        from glance_shim.core.identity.keystone_session import Session

        if options.login is None:
            raise errors.ConfigurationError(
                reason=f"[{section}] needs auth_type, auth_url and what else it takes to "
                "log in to Keystone"
            )
        if options.insecure:
            log.warning("Certificates of Keystone are not looked at ([%s] insecure)", section)
        plugin, credentials = options.login
        certificate = (
            (options.certfile, options.keyfile) if options.keyfile else options.certfile
        )
        self.paused_until = 0.0
        self._session = Session(
            auth=loading.get_plugin_loader(plugin).load_from_options(**credentials),
            verify=False if options.insecure else options.cafile or True,
            cert=certificate,
            timeout=getattr(options, "http_connect_timeout", 10),
            connect_retries=getattr(options, "http_request_max_retries", 3),
        )
        self._endpoint = {
            "service_type": "identity",
            "interface": getattr(options, "interface", "internal"),
            "region_name": options.region_name,
            "min_version": (3, 0),
            "max_version": (3, "latest"),
        }

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Any:
        """The answer to a request as the service user, 2xx or 404.

        Raises `KeystoneUnavailable` for everything else, and logs the reason;
        for a moment after that nobody asks.
        """
        if clock.now() < self.paused_until:
            raise KeystoneUnavailable()
        try:
            return self._get(path, headers)
        except KeystoneUnavailable:
            self.paused_until = clock.now() + PAUSE_SECONDS
            raise

    def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, json: Any = None
    ) -> Any:
        """The answer to a request with the caller's own credentials, refusals included.

        Raises `KeystoneUnavailable` where there is none, or one of 500 and more.
        """
        from keystoneauth1 import exceptions

        try:
            answer = self._session.request(
                path,
                method,
                headers=dict(headers or {}),
                json=json,
                authenticated=False,
                endpoint_filter=self._endpoint,
                raise_exc=False,
                log=False,
            )
        except exceptions.ClientException as exc:
            log.error("Keystone cannot be asked: %s", type(exc).__name__)
            raise KeystoneUnavailable() from exc
        if answer.status_code >= 500:
            log.error("Keystone answers %s to a request of a user", answer.status_code)
            raise KeystoneUnavailable()
        return answer

    def _get(self, path: str, headers: Mapping[str, str] | None) -> Any:
        from keystoneauth1 import exceptions

        try:
            answer = self._session.get(
                path,
                headers=dict(headers or {}),
                endpoint_filter=self._endpoint,
                raise_exc=False,
                log=False,
            )
        except exceptions.ClientException as exc:
            log.error("Keystone cannot be asked: %s", type(exc).__name__)
            raise KeystoneUnavailable() from exc
        if answer.status_code != 404 and not answer.ok:
            log.error("Keystone answers %s to the service user", answer.status_code)
            raise KeystoneUnavailable()
        return answer


class Tokens:
    """Keystone's word on tokens, remembered."""

    def __init__(self, keystone: Keystone, options: Any) -> None:
        self.keystone = keystone
        self._access = threading.Lock()
        self._locks = [threading.Lock() for _ in range(LOCKS)]
        self._seconds = max(options.token_cache_time, 0)
        # Of a token with a whole catalog of fifteen services this is a tenth.
        self._kinds = frozenset({"image", options.service_type})
        self.forget()

    def forget(self) -> None:
        """Know nothing of any token."""
        refusal = min(self._seconds, REFUSAL_SECONDS)
        self.keystone.paused_until = 0.0
        with self._access:
            # The clock is looked up each time, so that it can be moved.
            self._known: Any = cachetools.TTLCache(TOKENS_REMEMBERED, self._seconds, _now)
            self._refused: Any = cachetools.TTLCache(TOKENS_REMEMBERED, refusal, _now)

    def check(self) -> None:
        """Raise `KeystoneUnavailable` if it cannot be asked as the service user."""
        self.keystone.get("/auth/catalog")

    def validate(self, text: str, allow_expired: bool = False) -> KeystoneToken:
        """What the token says; raises `errors.Unauthorized` when it is not valid.

        With ``allow_expired`` Keystone also takes one that expired some time
        ago (its ``allow_expired_window``). Raises `KeystoneUnavailable` when
        it has to be asked and cannot be.
        """
        if len(text) > LONGEST_TOKEN or not text.isascii() or not text.isprintable():
            raise errors.Unauthorized()
        key = (hashlib.sha256(text.encode()).digest(), allow_expired)
        with self._locks[key[0][0] % LOCKS]:
            token = self._remembered(key)
            if token is None:
                token = self._ask(text, allow_expired)
                with self._access:
                    (self._known if token else self._refused)[key] = token
        if token is None or not (allow_expired or clock.now() < token.expires_at):
            raise errors.Unauthorized()
        return token

    def refuse(self, text: str) -> None:
        """Take the token for invalid from now on, as long as anything of it is remembered."""
        digest = hashlib.sha256(text.encode()).digest()
        with self._access:
            for key in ((digest, False), (digest, True)):
                self._known.pop(key, None)
                self._refused[key] = None

    def _remembered(self, key: tuple[bytes, bool]) -> KeystoneToken | None:
        with self._access:
            if key in self._refused:
                raise errors.Unauthorized()
            found: KeystoneToken | None = self._known.get(key)
            return found

    def _ask(self, text: str, allow_expired: bool) -> KeystoneToken | None:
        query = "?allow_expired=1" if allow_expired else ""
        headers = {"X-Subject-Token": text, "OpenStack-Identity-Access-Rules": "1.0"}
        answer = self.keystone.get(f"/auth/tokens{query}", headers)
        if answer.status_code == 404:
            return None
        with understood():
            return read(answer.json()["token"], self._kinds)


@contextlib.contextmanager
def understood() -> Iterator[None]:
    """Raise `KeystoneUnavailable`, and log it, where an answer has not the form it should."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError) as exc:
        log.error("An answer of Keystone is not understood: %s", type(exc).__name__)
        raise KeystoneUnavailable() from exc


def _now() -> float:
    return clock.now()


def read(body: Mapping[str, Any], kinds: Collection[str]) -> KeystoneToken:
    """The ``token`` of a validation answer as our own kind of token.

    Of the catalog it keeps the services of these ``kinds``.
    """
    scope = next((name for name in ("project", "domain", "system") if body.get(name)), None)
    credential = body.get("application_credential") or {}
    rules = credential.get("access_rules")
    return KeystoneToken(
        user_id=body["user"]["id"],
        user_name=body["user"].get("name", ""),
        scope=scope,
        project_id=body["project"]["id"] if scope == "project" else None,
        project_name=body["project"].get("name") if scope == "project" else None,
        domain_id=body["domain"]["id"] if scope == "domain" else None,
        roles=with_implied(role["name"] for role in body.get("roles", ())),
        methods=tuple(body.get("methods", ())),
        audit_ids=tuple(body.get("audit_ids", ())),
        issued_at=_seconds(body["issued_at"]),
        expires_at=_seconds(body["expires_at"]),
        application_credential_id=credential.get("id"),
        application_credential_name=credential.get("name"),
        unrestricted=not credential or bool(credential.get("restricted") is False),
        access_rules=None if rules is None else tuple(rules),
        catalog=tuple(each for each in body.get("catalog", ()) if each.get("type") in kinds),
    )


def _seconds(text: str) -> float:
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.replace(tzinfo=moment.tzinfo or datetime.timezone.utc).timestamp()


def require_access(token: KeystoneToken, service_type: str, method: str, path: str) -> None:
    """Raise `errors.Unauthorized` unless the token's access rules allow the request.

    As keystonemiddleware has it: a token that has rules must also have a
    catalog in which this service stands.
    """
    if token.access_rules is None:
        return
    listed = any(service.get("type") == service_type for service in token.catalog)
    allowed = any(
        rule.get("service") == service_type
        and rule.get("method") == method
        and _pattern(rule.get("path", "")).fullmatch(urllib.parse.unquote(path))
        for rule in token.access_rules
    )
    if not listed or not allowed:
        raise errors.Unauthorized()


def _pattern(path: str) -> re.Pattern[str]:
    """``*`` and ``{name}`` stand for one part of a path, ``**`` for any number."""
    kinds = {"**": ".*", "*": "[^/]+"}
    pieces = re.split(r"(\*\*|\*|\{[^/}]*\})", path)
    return re.compile(
        "".join(
            kinds.get(piece, "[^/]+" if piece.startswith("{") else re.escape(piece))
            for piece in pieces
        )
    )
