"""Clients that remember what they were told, and say so when it was not true."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import http.client
import json
import random
import threading
import time
import urllib.parse
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

PATIENCE = 180
BLOCK = random.Random(1).randbytes(12 << 20)
SIZES = (1_000, 70_000, 300_000, 11 << 20)

Told = tuple[int, bytes] | None


@dataclasses.dataclass
class Image:
    """What one client knows of an image of its own.

    ``data`` is what was acknowledged; ``perhaps`` is what may have arrived.
    """

    id: str
    data: bytes | None = None
    perhaps: list[bytes] = dataclasses.field(default_factory=list)
    member: str | None = None
    settled: bool = True


class Untrue(AssertionError):
    """An answer that does not fit what was said before."""


class Client(threading.Thread):
    """One person who owns images, and one to whose project they are offered."""

    def __init__(
        self, number: int, hosts: list[Any], owner: Any, member: Any, source: str, until: float
    ) -> None:
        super().__init__(name=f"client-{number}")
        self._random = random.Random(number)
        self._hosts, self._source, self._until = hosts, source, until
        self.owner, self.member = owner, member
        self.images: dict[str, Image] = {}
        self.gone: set[str] = set()
        self.count: Counter[str] = Counter()
        self.findings: list[str] = []

    def run(self) -> None:
        actions: list[Callable[[], None]] = [
            *[self.create] * 3,
            *[self.upload] * 4,
            *[self.download] * 6,
            *[self.share] * 2,
            *[self.accept] * 2,
            *[self.import_staged] * 2,
            self.import_from_web,
            self.delete,
            self.look_at_list,
        ]
        while time.monotonic() < self._until and not self.findings:
            try:
                self._random.choice(actions)()
            except Exception as exc:
                self.findings.append(f"{self.name}: {type(exc).__name__}: {exc}")

    def ask(
        self, method: str, path: str, body: Any = None, token: str = "", kind: str = ""
    ) -> Told:
        """Status and body from either host; ``None`` where nothing is known of the outcome."""
        url = urllib.parse.urlsplit(self._random.choice(self._hosts).root)
        headers = {"X-Auth-Token": token or self.owner.token}
        if body is not None:
            headers["Content-Type"] = kind or "application/json"
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        assert url.hostname
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
        try:
            with contextlib.closing(connection):
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                status, data = answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self.count["no answer"] += 1
            return None
        if status == 503:
            assert answer.headers["Retry-After"], "503 without Retry-After"
            self.count["503"] += 1
            return None
        if status >= 500:
            raise Untrue(f"{method} {path}: {status} {data[:300]!r}")
        return status, data

    def insist(self, method: str, path: str, token: str = "") -> tuple[int, bytes]:
        """The same for a question, asked until there is an answer."""
        deadline = time.monotonic() + PATIENCE
        while (told := self.ask(method, path, token=token)) is None:
            if time.monotonic() > deadline:
                raise Untrue(f"{method} {path}: nobody answers for {PATIENCE} s")
            time.sleep(0.3)
        return told

    def _some(self, fits: Callable[[Image], Any]) -> Image | None:
        fitting = [image for image in self.images.values() if image.settled and fits(image)]
        return self._random.choice(fitting) if fitting else None

    def _data(self) -> bytes:
        size = self._random.choices(SIZES, (6, 6, 3, 1))[0]
        start = self._random.randrange(len(BLOCK) - size)
        return BLOCK[start : start + size]

    def create(self) -> None:
        image = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        document = {"id": image, "name": f"{self.name}", "visibility": "shared"}
        document |= {"disk_format": "raw", "container_format": "bare"}
        told = self.ask("POST", "/v2/images", document)
        if told is None:
            told = self.insist("GET", f"/v2/images/{image}")
            if told[0] == 404:
                # It was refused, or it is still on its way; the id is not used again.
                return
        elif told[0] != 201:
            raise Untrue(f"create {image}: {told}")
        self.count["created"] += 1
        self.images[image] = Image(image)

    def _is_queued(self, image: Image) -> bool:
        return image.data is None

    def upload(self) -> None:
        image = self._some(self._is_queued)
        if image is None:
            return
        data = self._data()
        octets = "application/octet-stream"
        told = self.ask("PUT", f"/v2/images/{image.id}/file", data, kind=octets)
        if told is None:
            image.perhaps.append(data)
            image.settled = False
        elif told[0] == 204:
            self.count["uploaded"] += 1
            image.data = data
        else:
            raise Untrue(f"upload {image.id}: {told}")

    def download(self) -> None:
        image = self._some(lambda image: image.data is not None)
        if image is None:
            return
        by_member = image.member == "accepted" and self._random.random() < 0.5
        token = self.member.token if by_member else ""
        told = self.ask("GET", f"/v2/images/{image.id}/file", token=token)
        if told is None:
            return
        if told != (200, image.data):
            raise Untrue(f"download {image.id}: {told[0]}, {len(told[1])} bytes")
        self.count["downloaded"] += 1

    def share(self) -> None:
        image = self._some(lambda image: image.member is None)
        if image is None:
            return
        path = f"/v2/images/{image.id}/members"
        told = self.ask("POST", path, {"member": self.member.project_id})
        if told is None:
            found = self.insist("GET", path)
            told = (200, b"") if self.member.project_id.encode() in found[1] else None
        if told is None:
            # It may still be on its way, so nothing is known of the member.
            image.member = "unknown"
        elif told[0] == 200:
            image.member = "pending"
            self.count["shared"] += 1
        else:
            raise Untrue(f"share {image.id}: {told}")

    def accept(self) -> None:
        image = self._some(lambda image: image.member == "pending")
        if image is None:
            return
        path = f"/v2/images/{image.id}/members/{self.member.project_id}"
        told = self.ask("PUT", path, {"status": "accepted"}, self.member.token)
        if told is None:
            image.member = "unknown"
        elif told[0] == 200:
            image.member = "accepted"
            self.count["accepted"] += 1
        else:
            raise Untrue(f"accept {image.id}: {told}")

    def import_staged(self) -> None:
        image = self._some(self._is_queued)
        if image is None:
            return
        data = self._data()
        octets = "application/octet-stream"
        told = self.ask("PUT", f"/v2/images/{image.id}/stage", data, kind=octets)
        if told is None:
            image.settled = False
            return
        if told[0] != 204:
            raise Untrue(f"stage {image.id}: {told}")
        self._import(image, {"name": "glance-direct"}, data)

    def import_from_web(self) -> None:
        image = self._some(self._is_queued)
        if image is not None:
            method = {"name": "web-download", "uri": self._source}
            self._import(image, method, BLOCK[:70_000])

    def _import(self, image: Image, method: dict[str, str], data: bytes) -> None:
        told = self.ask("POST", f"/v2/images/{image.id}/import", {"method": method})
        image.perhaps.append(data)
        image.settled = False
        if told is None:
            return
        if told[0] != 202:
            raise Untrue(f"import {image.id}: {told}")
        self.count["imports"] += 1
        for _ in range(20):
            found = self.ask("GET", f"/v2/images/{image.id}")
            if found and json.loads(found[1])["status"] == "active":
                image.data, image.settled = data, True
                self.count["imported"] += 1
                return
            time.sleep(0.2)

    def delete(self) -> None:
        image = self._some(lambda image: True)
        if image is None or len(self.images) < 8:
            return
        told = self.ask("DELETE", f"/v2/images/{image.id}")
        if told is None:
            image.settled = False
            image.perhaps.append(b"deleted")
            return
        if told[0] != 204:
            raise Untrue(f"delete {image.id}: {told}")
        del self.images[image.id]
        self.gone.add(image.id)
        self.count["deleted"] += 1

    def look_at_list(self) -> None:
        told = self.ask("GET", "/v2/images?limit=1000&visibility=shared&member_status=all")
        if told is None:
            return
        found = {image["id"] for image in json.loads(told[1])["images"]}
        sure = {image.id for image in self.images.values() if b"deleted" not in image.perhaps}
        if not sure <= found:
            raise Untrue(f"the list lacks {sure - found}")
        if self.gone & found:
            raise Untrue(f"the list has what was deleted: {self.gone & found}")
        self.count["lists"] += 1

    def check(self) -> int:
        """Compare everything once more with what was said; return how much is active."""
        for image_id in self.gone:
            status, _ = self.insist("GET", f"/v2/images/{image_id}")
            if status != 404:
                raise Untrue(f"{self.name}: {image_id} was deleted and is there")
        return sum(self._check(image) for image in self.images.values())

    def _check(self, image: Image) -> int:
        status, body = self.insist("GET", f"/v2/images/{image.id}")
        if status == 404 and b"deleted" in image.perhaps:
            return 0
        if status != 200:
            raise Untrue(f"{self.name}: {image.id} was acknowledged and answers {status}")
        shown = json.loads(body)
        if shown["status"] not in ("active", "queued", "uploading"):
            raise Untrue(f"{self.name}: {image.id} is half there: {shown['status']}")
        if image.member in ("pending", "accepted"):
            path = f"/v2/images/{image.id}/members/{self.member.project_id}"
            told = json.loads(self.insist("GET", path)[1])
            if told["status"] != image.member:
                raise Untrue(f"{self.name}: {image.id} is {told} and was {image.member}")
        if shown["status"] != "active":
            if image.data is not None:
                raise Untrue(f"{self.name}: {image.id} has lost its data: {shown}")
            return 0
        status, data = self.insist("GET", f"/v2/images/{image.id}/file")
        possible = [image.data] if image.data is not None else image.perhaps
        if status != 200 or data not in possible:
            raise Untrue(f"{self.name}: {image.id} has other bytes than were sent")
        if shown["os_hash_value"] != hashlib.sha512(data).hexdigest():
            raise Untrue(f"{self.name}: {image.id} has the hash of other bytes")
        return 1
