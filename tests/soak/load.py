"""What people and programs do with an image service, all mixed."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import http.client
import http.cookiejar
import json
import random
import re
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

MIB = 1 << 20
SIZES = (1000, 64 * 1024, MIB, 8 * MIB, 32 * MIB)
WEIGHTS = (30, 30, 25, 12, 3)
DATA = random.Random(1).randbytes(max(SIZES))
PATIENCE = 120
TOKEN_LIFE = 1200
STANDING = 40
OCTETS = {"Content-Type": "application/octet-stream"}


class Unexpected(Exception):
    """An answer that such a request must not have."""


class Counted:
    """How often which action was answered by what, and how long it took; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.answers: collections.Counter[tuple[str, int]] = collections.Counter()
        self.failures: list[str] = []
        self.shown: list[float] = []

    def answer(self, action: str, status: int, seconds: float) -> None:
        with self._lock:
            self.answers[action, status] += 1
            if action == "show":
                self.shown.append(seconds)

    def failure(self, words: str) -> None:
        with self._lock:
            self.failures.append(words)

    def total(self) -> int:
        with self._lock:
            return sum(self.answers.values())

    def server_errors(self) -> int:
        with self._lock:
            return sum(n for (_, status), n in self.answers.items() if status >= 500)


class Account:
    """One of ``clouds.yaml``, whose token is renewed now and then."""

    def __init__(self, clouds: Path, name: str) -> None:
        self.auth = yaml.safe_load(clouds.read_text())["clouds"][name]["auth"]
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def token(self) -> str:
        with self._lock:
            if time.monotonic() > self._until:
                self._token, document = log_in(self.auth)
                self.project_id = document["token"]["project"]["id"]
                self._until = time.monotonic() + TOKEN_LIFE
            return self._token


def log_in(auth: dict[str, str]) -> tuple[str, Any]:
    """A token of its own, and what it says."""
    domain = {"name": "Default"}
    user = {"name": auth["username"], "password": auth["password"], "domain": domain}
    scope = {"project": {"name": auth["project_name"], "domain": domain}}
    identity = {"methods": ["password"], "password": {"user": user}}
    request = urllib.request.Request(
        f"{auth['auth_url']}/auth/tokens",
        json.dumps({"auth": {"identity": identity, "scope": scope}}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return answer.headers["X-Subject-Token"], json.load(answer)


class Client:
    """One that does an action after the other on one connection, and rests in between."""

    def __init__(
        self, root: str, people: dict[str, Account], counted: Counted, seed: int, rest: float
    ) -> None:
        where = urllib.parse.urlsplit(root)
        self.root, self._address = root, (str(where.hostname), int(where.port or 80))
        self._connection = http.client.HTTPConnection(*self._address, timeout=PATIENCE)
        self.platform, self.team = people["platform"], people["app-team"]
        self.counted, self.random, self._rest = counted, random.Random(seed), rest

    def run(self, stopping: threading.Event) -> None:
        """Act until told to stop; what goes wrong is counted, and the next action begun."""
        actions, weights = zip(*ACTIONS, strict=True)
        while not stopping.wait(self.random.expovariate(1 / self._rest)):
            action = self.random.choices(actions, weights)[0]
            try:
                action(self)
            except Exception as exc:
                self.counted.failure(f"{action.__name__}: {type(exc).__name__}: {exc}")
                self._connection.close()

    def request(
        self,
        action: str,
        method: str,
        path: str,
        body: Any = None,
        expected: Sequence[int] = (200, 201, 202, 204),
        who: Account | None = None,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        """Ask, count the answer, and raise `Unexpected` for one of another kind."""
        given = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            given.setdefault("Content-Type", "application/json")
        given.setdefault("X-Auth-Token", (who or self.platform).token())
        status, data, seconds = self._answer(method, path, body, given)
        self.counted.answer(action, status, seconds)
        if status not in expected:
            raise Unexpected(f"{action} {method} {path}: {status} {data[:200]!r}")
        return data

    def _answer(
        self, method: str, path: str, body: Any, headers: dict[str, str]
    ) -> tuple[int, bytes, float]:
        """Once more on a new connection where the kept one had been given up meanwhile."""
        for is_last in (False, True):
            begun = time.monotonic()
            was_open = self._connection.sock is not None
            try:
                self._connection.request(method, path, body, headers)
                response = self._connection.getresponse()
                return response.status, response.read(), time.monotonic() - begun
            except (ConnectionError, http.client.RemoteDisconnected):
                self._connection.close()
                if is_last or not was_open:
                    raise
        raise AssertionError("unreachable")

    def create(self, **values: Any) -> str:
        document = {"disk_format": "raw", "container_format": "bare", "name": "soak", **values}
        made: dict[str, Any] = json.loads(
            self.request("create", "POST", "/v2/images", document)
        )
        return str(made["id"])

    def data(self) -> bytes:
        return DATA[: self.random.choices(SIZES, WEIGHTS)[0]]

    def patch(self, image_id: str, name: str, value: Any, action: str) -> None:
        headers = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
        change = [{"op": "replace", "path": f"/{name}", "value": value}]
        self.request(action, "PATCH", f"/v2/images/{image_id}", change, headers=headers)

    def bare(self) -> socket.socket:
        return socket.create_connection(self._address, timeout=PATIENCE)


def life(client: Client) -> None:
    """An image from its creation to its deletion, uploaded, read and shared."""
    image_id, data = client.create(tags=["soak"], os_distro="debian"), client.data()
    path = f"/v2/images/{image_id}"
    client.request("upload", "PUT", f"{path}/file", data, headers=OCTETS)
    shown = json.loads(client.request("show", "GET", path))
    digest = hashlib.sha512(data).hexdigest()
    if (shown["status"], shown["os_hash_value"]) != ("active", digest):
        raise Unexpected(f"image {image_id} is not what was uploaded: {shown}")
    if client.request("download", "GET", f"{path}/file") != data:
        raise Unexpected(f"the data of image {image_id} is not what was uploaded")
    _share(client, image_id)
    client.patch(image_id, "visibility", "community", "visibility")
    client.request("tag", "PUT", f"{path}/tags/checked")
    client.request("delete", "DELETE", path)
    client.request("show", "GET", path, expected=(404,))


def _share(client: Client, image_id: str) -> None:
    member, team = client.team.project_id, client.team
    path = f"/v2/images/{image_id}/members"
    client.request("share", "POST", path, {"member": member})
    client.request("accept", "PUT", f"{path}/{member}", {"status": "accepted"}, who=team)
    client.request("show", "GET", f"/v2/images/{image_id}", who=team)


def _wait_for(client: Client, path: str, status: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while json.loads(client.request("show", "GET", path))["status"] != status:
        if time.monotonic() > deadline:
            raise Unexpected(f"{path} is not {status} in {PATIENCE} s")
        time.sleep(0.2)


def imported(client: Client) -> None:
    """An image whose data is staged and imported."""
    image_id, data = client.create(), client.data()
    path = f"/v2/images/{image_id}"
    client.request("stage", "PUT", f"{path}/stage", data, headers=OCTETS)
    client.request("import", "POST", f"{path}/import", {"method": {"name": "glance-direct"}})
    _wait_for(client, path, "active")
    client.request("delete", "DELETE", path)


LISTS = (
    "/v2/images",
    "/v2/images?limit=5&sort=name:asc,created_at:desc",
    "/v2/images?status=active&size_min=1000",
    "/v2/images?visibility=shared&member_status=all",
    "/v2/images?tag=standing&os_distro=debian",
    "/v2/schemas/image",
    "/v2/metadefs/namespaces",
    "/v2/info/usage",
)


def look(client: Client) -> None:
    """Lists, an image, a piece of its data."""
    who = client.random.choice((client.platform, client.team))
    path = client.random.choice(LISTS)
    found = json.loads(client.request("list", "GET", path, who=who))
    for image in found.get("images", [])[:1] if "tag=" in path else ():
        where = f"/v2/images/{image['id']}"
        client.request("show", "GET", where, who=who)
        piece = {"Range": "bytes=100-899"}
        got = client.request("range", "GET", f"{where}/file", None, (206,), who, piece)
        if got != DATA[100:900]:
            raise Unexpected(f"a piece of image {image['id']} is not what was uploaded")


def download(client: Client) -> None:
    """One of the images that stay."""
    path = "/v2/images?tag=standing&limit=40"
    images = json.loads(client.request("list", "GET", path))["images"]
    image = client.random.choice(images)
    data = client.request("download", "GET", f"/v2/images/{image['id']}/file")
    if hashlib.sha512(data).hexdigest() != image["os_hash_value"]:
        raise Unexpected(f"the data of image {image['id']} is not what was uploaded")


def login(client: Client) -> None:
    """Log in, use the token once, and end it."""
    token, _ = log_in(client.platform.auth)
    client.counted.answer("login", 201, 0)
    subject = {"X-Auth-Token": token, "X-Subject-Token": token}
    client.request("list", "GET", "/v2/images?limit=1", headers={"X-Auth-Token": token})
    client.request("logout", "DELETE", "/identity/v3/auth/tokens", headers=subject)


REFUSED: tuple[tuple[str, str, Any, dict[str, str], int], ...] = (
    ("GET", "/v2/images/00000000-0000-0000-0000-000000000000", None, {}, 404),
    ("GET", "/v2/images", None, {"X-Auth-Token": "nonsense"}, 401),
    ("POST", "/v2/images", b"{nonsense", {"Content-Type": "application/json"}, 400),
    ("POST", "/v2/images", {"visibility": "public"}, {}, 403),
    ("GET", "/v2/images?sort_key=nonsense", None, {}, 400),
    ("DELETE", "/v2/nonsense", None, {}, 404),
    ("PUT", "/v2/images", None, {}, 405),
)


def refused(client: Client) -> None:
    """What is answered by a reason and not by what was asked for."""
    method, path, body, headers, status = client.random.choice(REFUSED)
    client.request("refused", method, path, body, (status,), headers=dict(headers))


def broken_off(client: Client) -> None:
    """An upload whose client goes away half-way."""
    image_id, data = client.create(), client.data()
    path = f"/v2/images/{image_id}"
    head = (
        f"PUT {path}/file HTTP/1.1\r\nHost: soak\r\nContent-Length: {len(data)}\r\n"
        f"X-Auth-Token: {client.platform.token()}\r\n"
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    with client.bare() as connection, contextlib.suppress(ConnectionError):
        connection.sendall(head.encode() + data[: len(data) // 2])
    client.counted.answer("broken off", 0, 0)
    _wait_for(client, path, "queued")
    client.request("delete", "DELETE", path)


PAGES = ("/dashboard/images", "/dashboard/offers", "/dashboard/images/new")
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def browse(client: Client) -> None:
    """Log in with a browser, look around, log out."""
    jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    browser = urllib.request.build_opener(jar)

    def page(path: str, form: dict[str, str] | None = None) -> str:
        data = urllib.parse.urlencode(form).encode() if form else None
        try:
            with browser.open(client.root + path, data, PATIENCE) as answer:
                client.counted.answer("page", answer.status, 0)
                return str(answer.read().decode())
        except urllib.error.HTTPError as exc:
            client.counted.answer("page", exc.code, 0)
            raise Unexpected(f"page {path}: {exc.code}") from exc

    def csrf(text: str) -> str:
        found = TOKEN.search(text)
        if not found:
            raise Unexpected("a page without a form")
        return found[1]

    auth = client.platform.auth
    person = {"user": auth["username"], "password": auth["password"]}
    form = {**person, "csrf_token": csrf(page("/dashboard/login"))}
    text = page("/dashboard/login", {**form, "project": auth["project_name"]})
    for path in PAGES:
        text = page(path)
    page("/dashboard/logout", {"csrf_token": csrf(text)})


ACTIONS: tuple[tuple[Callable[[Client], None], int], ...] = (
    (look, 40),
    (life, 20),
    (download, 10),
    (refused, 10),
    (imported, 8),
    (broken_off, 4),
    (login, 4),
    (browse, 4),
)


def stand(client: Client) -> None:
    """Make the images that stay until the end."""
    for number in range(STANDING):
        size = SIZES[number % 4]
        image_id = client.create(
            name=f"standing {number}", tags=["standing"], os_distro="debian"
        )
        path = f"/v2/images/{image_id}/file"
        client.request("upload", "PUT", path, DATA[: max(size, 1000)], headers=OCTETS)


def crowd(client: Client, count: int) -> None:
    """So many connections at once, that every thread of the server has worked once."""
    head = f"GET /v2/images HTTP/1.1\r\nHost: soak\r\nX-Auth-Token: {client.platform.token()}"
    with contextlib.ExitStack() as opened:
        connections = [opened.enter_context(client.bare()) for _ in range(count)]
        for each in connections:
            each.sendall(f"{head}\r\n\r\n".encode())
        for each in connections:
            response = http.client.HTTPResponse(each)
            response.begin()
            response.read()
            client.counted.answer("crowd", response.status, 0)
