"""Two who do what only one can do, on two hosts of two processes each, over one database."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from real_server import MIB, Answer, Server, running, until
from together import rounds, together

from glance_shim.core import quotas
from glance_shim.core.identity import system_context
from glance_shim.db import connection
from glance_shim.db.models.images import Image, ImageMember, Removal, Upload

OCTETS = {"Content-Type": "application/octet-stream"}
PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
UNDER_WAY = ("saving", "uploading", "importing")
LIMITS = {"image_count_total": 10_000, "image_size_total": 10_000}
# Seconds within which one of two begins later, so that they meet at other points each time.
APART = 0.01

Ask = Callable[[], Answer]


class Hosts:
    """Two hosts, and the owner, the member and the administrator who ask either of them."""

    def __init__(self, *servers: Server) -> None:
        self._servers = servers
        self.service = servers[0].service
        self.bob = self.service.person("p2", "member")
        self._tokens = {
            "alice": servers[0].token,
            "bob": self.bob.token or "",
            "root": self.service.person("p1", "admin").token or "",
        }
        self.limit(**LIMITS)

    def limit(self, **limits: int) -> None:
        """Set limits of the project that owns the images."""
        context = system_context(self.service.deployment)
        project_id = self._servers[0].alice.project_id or ""
        with connection.connected(context.deployment.database):
            for name, value in limits.items():
                quotas.set_limit(context, project_id, name, value)

    def ask(
        self,
        host: int,
        method: str,
        path: str,
        body: Any = None,
        who: str = "alice",
        **more: str,
    ) -> Answer:
        """One request at one host; a path that begins with no slash is below the images."""
        headers = {"X-Auth-Token": self._tokens[who], **more}
        if isinstance(body, (dict, list)):
            headers.setdefault("Content-Type", "application/json")
            body = json.dumps(body)
        path = path if path.startswith("/") else f"/v2/images/{path}"
        return self._servers[host % 2].request(method, path, body, headers)

    def create(self, **values: Any) -> str:
        document = {"disk_format": "raw", "container_format": "bare", **values}
        answer = self.ask(0, "POST", "/v2/images", document)
        assert answer.status == 201, answer.data
        return str(json.loads(answer.data)["id"])

    def active(self, data: bytes) -> str:
        image_id = self.create()
        assert self.ask(1, "PUT", f"{image_id}/file", data, **OCTETS).status == 204
        return image_id

    def change(self, host: int, image_id: str, who: str = "alice", **values: Any) -> Answer:
        changes = [{"op": "add", "path": f"/{n}", "value": v} for n, v in values.items()]
        return self.ask(host, "PATCH", image_id, changes, who, **PATCH)

    def shown(self, image_id: str, host: int = 0, who: str = "alice") -> Any:
        """The image, or the status of the refusal."""
        answer = self.ask(host, "GET", image_id, who=who)
        return json.loads(answer.data) if answer.status == 200 else answer.status

    def listed(self, host: int, who: str, query: str = "") -> list[str]:
        answer = self.ask(host, "GET", f"/v2/images?limit=100{query}", who=who)
        assert answer.status == 200, answer.data
        return [image["id"] for image in json.loads(answer.data)["images"]]

    def delete(self, image_id: str) -> None:
        assert self.ask(0, "DELETE", image_id).status == 204

    def at_once(self, *requests: Ask) -> list[Answer]:
        """The answers to what is asked nearly at the same moment, in its order."""

        def later(request: Ask) -> Answer:
            time.sleep(random.uniform(0, APART))
            return request()

        answers = together(*(lambda r=request: later(r) for request in requests))
        assert all(answer.status < 500 for answer in answers), [a.data for a in answers]
        return answers

    def codes(self, *requests: Ask) -> list[int]:
        return [answer.status for answer in self.at_once(*requests)]

    def assert_nothing_left(self) -> None:
        """No image, no data, nothing reserved, and a database that says so."""
        usage = json.loads(self.ask(0, "GET", "/v2/info/usage").data)["usage"]
        assert {name: each["usage"] for name, each in usage.items()} == dict.fromkeys(usage, 0)
        assert self.service.blobs() == self.service.staged() == []
        with connection.connected(self.service.deployment.database):
            assert not Image.select().where(~Image.deleted).count()
            assert not Image.select().where(Image.status.in_(UNDER_WAY)).count()
            for table in (Upload, Removal):
                assert table.select().count() == 0, table
            there = Image.select(Image.id).where(~Image.deleted)
            assert not ImageMember.select().where(ImageMember.image.in_(there)).count()


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    directory = tmp_path_factory.mktemp("hosts")
    staging = f"[os_glance_staging_store]\nfilesystem_store_datadir = {directory}/a/staging\n"
    with running(directory / "a", workers=2, threads=16) as first:
        second = Server(directory / "b", staging, beside=first, workers=2, threads=16)
        try:
            yield Hosts(first, second)
        finally:
            second.stop()


def bodies(count: int, size: int) -> list[bytes]:
    return [bytes([number + 1]) * size for number in range(count)]


def uploads(hosts: Hosts) -> None:
    """Of four, one is the image."""
    image_id, given = hosts.create(), bodies(4, 100_000)
    path = f"{image_id}/file"
    codes = hosts.codes(
        *(lambda n=n, b=b: hosts.ask(n, "PUT", path, b, **OCTETS) for n, b in enumerate(given))
    )
    assert sorted(codes) == [204, 409, 409, 409]
    winner = given[codes.index(204)]
    assert hosts.shown(image_id)["os_hash_value"] == hashlib.sha512(winner).hexdigest()
    assert hosts.ask(1, "GET", path).data == winner
    assert len(hosts.service.blobs()) == 1
    hosts.delete(image_id)


def stages(hosts: Hosts) -> None:
    """Of four, one is what is imported; of two imports, one is made."""
    image_id, given = hosts.create(), bodies(4, 100_000)
    path = f"{image_id}/stage"
    codes = hosts.codes(
        *(lambda n=n, b=b: hosts.ask(n, "PUT", path, b, **OCTETS) for n, b in enumerate(given))
    )
    assert sorted(codes) == [204, 409, 409, 409]
    assert len(hosts.service.staged()) == 1
    _imported_once(hosts, image_id, given[codes.index(204)])
    hosts.delete(image_id)


def _imported_once(hosts: Hosts, image_id: str, data: bytes) -> None:
    method = {"method": {"name": "glance-direct"}}
    codes = hosts.codes(
        *(lambda n=n: hosts.ask(n, "POST", f"{image_id}/import", method) for n in range(2))
    )
    assert sorted(codes) == [202, 409], codes
    until(lambda: hosts.shown(image_id)["status"] == "active", "it is imported")
    assert hosts.ask(1, "GET", f"{image_id}/file").data == data
    until(lambda: not hosts.service.staged(), "nothing is staged any more")
    assert len(hosts.service.blobs()) == 1


def upload_against_stage(hosts: Hosts) -> None:
    image_id = hosts.create()
    codes = hosts.codes(
        lambda: hosts.ask(0, "PUT", f"{image_id}/file", b"x" * 100_000, **OCTETS),
        lambda: hosts.ask(1, "PUT", f"{image_id}/stage", b"y" * 100_000, **OCTETS),
    )
    assert sorted(codes) == [204, 409]
    wanted = "active" if codes[0] == 204 else "uploading"
    assert hosts.shown(image_id)["status"] == wanted
    hosts.delete(image_id)


def upload_against_delete(hosts: Hosts) -> None:
    image_id = hosts.create()
    upload, deletion = hosts.codes(
        lambda: hosts.ask(0, "PUT", f"{image_id}/file", b"x" * 300_000, **OCTETS),
        lambda: hosts.ask(1, "DELETE", image_id),
    )
    assert deletion == 204
    assert upload in (204, 404, 410)
    assert hosts.shown(image_id) == 404


def download_against_delete(hosts: Hosts) -> None:
    """All of the data or none of it."""
    data = random.randbytes(2 * MIB)
    image_id = hosts.active(data)
    read, deletion = hosts.at_once(
        lambda: hosts.ask(0, "GET", f"{image_id}/file"),
        lambda: hosts.ask(1, "DELETE", image_id),
    )
    assert deletion.status == 204
    assert (read.status, read.data) == (200, data) or read.status == 404
    assert hosts.shown(image_id) == 404


def download_against_deactivate(hosts: Hosts) -> None:
    data = random.randbytes(MIB)
    image_id = hosts.active(data)
    read, deactivation = hosts.at_once(
        lambda: hosts.ask(0, "GET", f"{image_id}/file"),
        lambda: hosts.ask(1, "POST", f"{image_id}/actions/deactivate", who="root"),
    )
    assert deactivation.status == 204
    assert (read.status, read.data) == (200, data) or read.status == 403
    assert hosts.ask(0, "GET", f"{image_id}/file").status == 403
    hosts.delete(image_id)


def reactivate_against_delete(hosts: Hosts) -> None:
    image_id = hosts.active(b"x")
    action = f"{image_id}/actions"
    assert hosts.ask(0, "POST", f"{action}/deactivate", who="root").status == 204
    deletion, reactivation = hosts.codes(
        lambda: hosts.ask(0, "DELETE", image_id),
        lambda: hosts.ask(1, "POST", f"{action}/reactivate", who="root"),
    )
    assert deletion == 204
    assert reactivation in (204, 404)
    assert hosts.shown(image_id) == 404


def two_deletes(hosts: Hosts) -> None:
    image_id = hosts.active(b"x" * 1000)
    codes = hosts.codes(*(lambda n=n: hosts.ask(n, "DELETE", image_id) for n in range(2)))
    assert sorted(codes) == [204, 404]


def two_deletes_of_a_member(hosts: Hosts) -> None:
    image_id, path = _offered(hosts)
    codes = hosts.codes(*(lambda n=n: hosts.ask(n, "DELETE", path) for n in range(2)))
    assert sorted(codes) == [204, 404]
    hosts.delete(image_id)


def _offered(hosts: Hosts) -> tuple[str, str]:
    image_id, member = hosts.create(), hosts.bob.project_id
    answer = hosts.ask(0, "POST", f"{image_id}/members", {"member": member})
    assert answer.status == 200
    return image_id, f"{image_id}/members/{member}"


def accept_against_remove(hosts: Hosts) -> None:
    image_id, path = _offered(hosts)
    accepted, removed = hosts.codes(
        lambda: hosts.ask(0, "PUT", path, {"status": "accepted"}, "bob"),
        lambda: hosts.ask(1, "DELETE", path),
    )
    assert removed == 204
    assert accepted in (200, 404)
    assert hosts.shown(image_id, 1, "bob") == 404
    assert hosts.listed(0, "bob", "&visibility=shared&member_status=all") == []
    hosts.delete(image_id)


def two_offers(hosts: Hosts) -> None:
    image_id, member = hosts.create(), {"member": hosts.bob.project_id}
    path = f"{image_id}/members"
    codes = hosts.codes(*(lambda n=n: hosts.ask(n, "POST", path, member) for n in range(2)))
    assert sorted(codes) == [200, 409]
    hosts.delete(image_id)


def visibility_against_list(hosts: Hosts) -> None:
    """Whoever asks after the change was answered sees it, at either host."""
    image_id = hosts.create(visibility="private")
    for visibility, seen in (("public", [image_id]), ("private", [])):
        changed, _ = hosts.codes(
            lambda v=visibility: hosts.change(0, image_id, "root", visibility=v),
            lambda: hosts.ask(1, "GET", "/v2/images", who="bob"),
        )
        assert changed == 200
        assert hosts.listed(0, "bob") == hosts.listed(1, "bob") == seen
        assert (hosts.shown(image_id, 1, "bob") == 404) == (not seen)
    hosts.delete(image_id)


def protection_against_delete(hosts: Hosts) -> None:
    image_id = hosts.create()
    codes = hosts.codes(
        lambda: hosts.change(0, image_id, protected=True),
        lambda: hosts.ask(1, "DELETE", image_id),
    )
    assert codes in ([200, 403], [404, 204]), codes
    if codes[0] == 200:
        assert hosts.change(1, image_id, protected=False).status == 200
        hosts.delete(image_id)


def changes(hosts: Hosts) -> None:
    """None is lost."""
    image_id, names = hosts.create(), [f"p{number}" for number in range(6)]
    codes = hosts.codes(
        *(lambda n=n, k=k: hosts.change(n, image_id, **{k: k}) for n, k in enumerate(names))
    )
    assert codes == [200] * 6
    assert {name: name for name in names}.items() <= hosts.shown(image_id, 1).items()
    hosts.delete(image_id)


def the_last_of_a_count(hosts: Hosts) -> None:
    hosts.limit(image_count_total=5)
    document = {"disk_format": "raw", "container_format": "bare"}
    answers = hosts.at_once(
        *(lambda n=n: hosts.ask(n, "POST", "/v2/images", document) for n in range(16))
    )
    made = [json.loads(each.data)["id"] for each in answers if each.status == 201]
    assert sorted(each.status for each in answers) == [201] * 5 + [413] * 11
    assert sorted(hosts.listed(1, "alice")) == sorted(made)
    for image_id in made:
        hosts.delete(image_id)
    hosts.limit(**LIMITS)


def the_last_of_a_size(hosts: Hosts) -> None:
    ids = [hosts.create() for _ in range(16)]
    hosts.limit(image_size_total=3)
    codes = hosts.codes(
        *(
            lambda n=n, i=i: hosts.ask(n, "PUT", f"{i}/file", b"x" * MIB, **OCTETS)
            for n, i in enumerate(ids)
        )
    )
    assert sorted(codes) == [204] * 3 + [413] * 13
    assert [path.stat().st_size for path in hosts.service.blobs()] == [MIB] * 3
    for image_id in ids:
        hosts.delete(image_id)
    hosts.limit(**LIMITS)


RACES = (
    *(uploads, stages, upload_against_stage, upload_against_delete, download_against_delete),
    *(download_against_deactivate, reactivate_against_delete, two_deletes),
    *(two_deletes_of_a_member, accept_against_remove, two_offers, visibility_against_list),
    *(protection_against_delete, changes, the_last_of_a_count, the_last_of_a_size),
)


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_T_RACE_10_between_processes(hosts: Hosts, race: Callable[[Hosts], None]) -> None:
    for _ in rounds(2):
        race(hosts)
        until(lambda: not hosts.service.blobs(), "no data is left")
        hosts.assert_nothing_left()
