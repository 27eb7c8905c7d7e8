"""What is asked of both services, as a table; and the proof that both answer alike."""

from __future__ import annotations

import dataclasses
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import load

RARE = 100
OFFERED = 100


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One kind of load: ``run`` puts it on a contestant and returns figures.

    ``limit`` has the machine itself do what nobody can do faster.
    """

    name: str
    run: Callable[[Any, Any], dict[str, Any]]
    repeated: bool = True
    limit: Callable[[Any], dict[str, Any] | None] | None = None


def prepare(contestant: Any, settings: Any) -> None:
    """Fill a catalogue: the images of the load script, rare ones, and accepted offers."""
    target = load.target(contestant)
    # Glance refuses most of what comes at once where its database is a file.
    clients = 1 if settings.engine == "sqlite" else 4
    load.script.seed(target, load.arguments(contestant, count=settings.images, clients=clients))
    conn = target.conn()
    other = load.target(contestant, contestant.other_token).conn()
    for number in range(RARE):
        document = {
            **load.script.image_body(f"rare-{number:03d}"),
            "tags": ["rare"],
            "rack": "r7",
        }
        conn.json("POST", "/v2/images", document)
    for number in range(OFFERED):
        image = new_shared(conn, f"offered-{number:03d}")
        offer(conn, image, contestant.other_project)
        answer(other, image, contestant.other_project, "accepted")

    contestant.marker = load.script.all_ids(conn)[-26]


def new_shared(conn: Any, name: str) -> str:
    """The id of a new image that can be offered."""
    document = {**load.script.image_body(name), "visibility": "shared"}
    return str(conn.json("POST", "/v2/images", document)["id"])


def offer(conn: Any, image: str, project: str) -> None:
    """Make the project a member."""
    conn.json("POST", f"/v2/images/{image}/members", {"member": project})


def answer(conn: Any, image: str, project: str, status: str) -> None:
    """Accept or reject for the member."""
    conn.json("PUT", f"/v2/images/{image}/members/{project}", {"status": status})


# Sorted by name, since images of one second come in any order.
PATHS = {
    "by tag": "?limit=200&sort=name:asc&tag=rare",
    "by property": "?limit=200&sort=name:asc&rack=r7",
    "backwards": "?limit=30&sort=name:desc&rack=r7",
}
ACCEPTED = "?limit=200&sort=name:asc&visibility=shared&member_status=accepted"
VARYING = {"id", "created_at", "updated_at", "self", "file", "owner", "image_id", "member_id"}
PATCH = "application/openstack-images-v2.1-json-patch"


def compare(one: Any, other: Any) -> None:
    """End with words unless both say the same of the same things.

    Keys, types and all values that do not depend on the moment or on ids: of
    the pages of a catalogue, where it has been prepared, and of each request.
    """
    told = []
    for contestant in (one, other):
        conn = load.target(contestant).conn()
        member = load.target(contestant, contestant.other_token).conn()
        told.append({"each request": _story(contestant, conn, member)})
        pages = {name: conn.json("GET", f"/v2/images{query}") for name, query in PATHS.items()}
        pages["accepted"] = member.json("GET", f"/v2/images{ACCEPTED}")
        told[-1] |= {name: _essence(page["images"]) for name, page in pages.items()}
    for name, ours in told[1].items():
        theirs = told[0][name]
        if ours != theirs:
            first = next(
                pair
                for pair in itertools.zip_longest(theirs, ours)
                if len(set(map(str, pair))) > 1
            )
            sys.exit(f"{name} is not alike: {json.dumps(first, indent=1, sort_keys=True)}")


def _story(contestant: Any, conn: Any, member: Any) -> list[dict[str, Any]]:
    """What is answered to each kind of request that is timed, in turn, and its status."""
    name = {**load.script.image_body("load-story"), "visibility": "shared"}
    first = conn.json("POST", "/v2/images", {**name, "name": "load-story-first"})
    image = f"/v2/images/{first['id']}"
    project = contestant.other_project
    data = bytes(range(256)) * 4096
    change = [{"op": "replace", "path": "/visibility", "value": "private"}]
    steps: list[tuple[Any, ...]] = [
        (conn, "POST", "/v2/images", name),
        (conn, "PUT", f"{image}/file", data, "application/octet-stream"),
        (conn, "GET", image),
        (conn, "GET", f"{image}/file"),
        (conn, "POST", f"{image}/members", {"member": project}),
        (member, "PUT", f"{image}/members/{project}", {"status": "accepted"}),
        (conn, "DELETE", f"{image}/members/{project}"),
        (conn, "PATCH", image, change, PATCH),
        (conn, "DELETE", image),
        (conn, "GET", image),
    ]
    told = []
    for who, *request in steps:
        status, headers, raw = who.request(*request)
        document = json.loads(raw) if raw[:1] == b"{" and status < 300 else {}
        told.append(
            {
                "request": request[0],
                "answer": status,
                "bytes": len(raw) if raw[:1] != b"{" and status < 300 else None,
                "md5": headers.get("content-md5"),
                **_essence([document])[0],
            }
        )
        if request[:2] == ["POST", "/v2/images"] and "id" in document:
            conn.request("DELETE", f"/v2/images/{document['id']}")
    return told


def _essence(page: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The images with their keys and every value that is not of the moment or of the place."""
    return [
        {
            key: "" if key in VARYING else sorted(value) if key == "tags" else value
            for key, value in sorted(image.items())
        }
        for image in page
    ]


def show(clients: int) -> Callable[[Any, Any], dict[str, Any]]:
    """One image, again and again."""
    return lambda contestant, settings: _hammer("show", contestant, settings, clients=clients)


def page(query: str, clients: int = 1, member: bool = False) -> Callable[..., dict[str, Any]]:
    """A page of 25 for the owner, or for the project that images are offered to."""

    def run(contestant: Any, settings: Any) -> dict[str, Any]:
        token = contestant.other_token if member else contestant.token
        more = {"query": query, "clients": clients, "token": token}
        return _hammer("list_", contestant, settings, **more)

    return run


def _hammer(name: str, contestant: Any, settings: Any, **more: Any) -> dict[str, Any]:
    arguments = load.arguments(contestant, seconds=settings.seconds, **more)
    target = load.target(contestant, arguments.token)
    return dict(getattr(load.script, name)(target, arguments))


def last_page(contestant: Any, settings: Any) -> dict[str, Any]:
    """The page at the very end of the list."""
    return page(f"&marker={contestant.marker}")(contestant, settings)


def create(clients: int) -> Callable[[Any, Any], dict[str, Any]]:
    """Create an image and delete it."""
    return lambda contestant, settings: _hammer("create", contestant, settings, clients=clients)


def patch(clients: int) -> Callable[[Any, Any], dict[str, Any]]:
    """Change the visibility to and fro."""

    def run(contestant: Any, settings: Any) -> dict[str, Any]:
        more = {"clients": clients, "values": "private,shared"}
        return _hammer("patch", contestant, settings, **more)

    return run


def membership(contestant: Any, settings: Any) -> dict[str, Any]:
    """Offer an image, accept the offer, take it back."""
    other = load.target(contestant, contestant.other_token)

    def make(conn: Any, number: int) -> Any:
        image = new_shared(conn, f"load-member-{number}")
        member, project = other.conn(), contestant.other_project
        base = f"/v2/images/{image}/members"

        def step() -> dict[str, Any]:
            timed = load.script.timed
            calls = (
                ("add", conn, "POST", base, {"member": project}),
                ("accept", member, "PUT", f"{base}/{project}", {"status": "accepted"}),
                ("remove", conn, "DELETE", f"{base}/{project}", None),
            )
            return {name: timed(who, *request)[:2] for name, who, *request in calls}

        step.finish = lambda: conn.request("DELETE", f"/v2/images/{image}")  # type: ignore[attr-defined]
        return step

    arguments = load.arguments(contestant, seconds=settings.seconds)
    return dict(load.script.hammer(load.script.Target(arguments), arguments, make))


def upload(parallel: int) -> Callable[[Any, Any], dict[str, Any]]:
    """Images of the whole size one at a time, or several of a quarter at once.

    Only what is kept counts: not the bytes of uploads that were refused or cut.
    """

    def run(contestant: Any, settings: Any) -> dict[str, Any]:
        size = settings.mebibytes // parallel
        arguments = load.arguments(contestant, mib=size, parallel=parallel)
        figures = dict(load.script.upload(load.script.Target(arguments), arguments))
        kept = parallel - len(figures["wrong"])
        figures["mib_per_s"] = round(figures["mib_per_s"] * kept / parallel, 1)
        cpu = figures["server_cpu_s_per_gib"]
        figures["server_cpu_s_per_gib"] = round(cpu * parallel / kept, 2) if kept else None
        figures["requests"] = kept
        figures["errors"] = {"refused or cut": parallel - kept} if kept < parallel else {}
        figures["pss_mib_at_most"] = figures["memory_peak"]["pss_mib"]
        return figures

    return run


def download(parallel: int) -> Callable[[Any, Any], dict[str, Any]]:
    """The same the other way, the best of three."""

    def run(contestant: Any, settings: Any) -> dict[str, Any]:
        size = settings.mebibytes // parallel
        arguments = load.arguments(contestant, mib=size, parallel=parallel, repeat=3)
        return dict(load.script.download(load.script.Target(arguments), arguments))

    return run


def show_meanwhile(contestant: Any, settings: Any) -> dict[str, Any]:
    """One client shows an image while four others upload without end."""
    image = load.script.new_image(load.target(contestant).conn(), "load-shown")
    script = str(Path(__file__).with_name("uploading.py"))
    size = str(settings.mebibytes // 8)
    command = [sys.executable, script, contestant.endpoint, contestant.token, size]
    uploads = subprocess.Popen(command, stdin=subprocess.PIPE)
    time.sleep(2)
    try:
        return _hammer("show", contestant, settings, image=image)
    finally:
        uploads.communicate()


def memory(contestant: Any, settings: Any) -> dict[str, Any]:
    """What all processes of the service hold, shared pages divided among them."""
    return dict(load.script.memory(load.target(contestant).own_pids()))


def memory_uploading(contestant: Any, settings: Any) -> dict[str, Any]:
    """The most they hold while four upload."""
    return {"pss_mib": upload(4)(contestant, settings)["pss_mib_at_most"]}


def cold(contestant: Any, settings: Any) -> dict[str, Any]:
    """From the command to the first answer; the service is stopped before and started after."""
    contestant.stop()
    arguments = load.arguments(
        contestant, command=contestant.command(), path="/versions", repeat=settings.rounds
    )
    try:
        return dict(load.script.cold(load.script.Target(arguments), arguments))
    finally:
        contestant.start()


SHOWS = [Scenario(f"show an image, {n} client{'s' * (n > 1)}", show(n)) for n in (1, 8)]
ALL = [
    Scenario("memory, idle", memory, repeated=False),
    *SHOWS,
    Scenario("list 25, 1 client", page("")),
    Scenario("list 25, 8 clients", page("", clients=8)),
    Scenario("the last page of 25", last_page),
    Scenario("list 25 by tag", page("&tag=rare")),
    Scenario("list 25 by custom property", page("&rack=r7")),
    Scenario(
        "list 25 by member status",
        page("&visibility=shared&member_status=accepted", member=True),
    ),
    Scenario("create and delete, 1 client", create(1)),
    Scenario("create and delete, 8 clients", create(8)),
    Scenario("change visibility, 1 client", patch(1)),
    Scenario("change visibility, 8 clients", patch(8)),
    Scenario("add a member, accept, remove", membership),
    Scenario("upload, one", upload(1), limit=lambda machine: machine.hashing(1)),
    Scenario("upload, four at once", upload(4), limit=lambda machine: machine.hashing(4)),
    Scenario("show an image during four uploads", show_meanwhile),
    Scenario("memory, during four uploads", memory_uploading, repeated=False),
    Scenario("download, one", download(1), limit=lambda machine: machine.sending(1)),
    Scenario("download, four at once", download(4), limit=lambda machine: machine.sending(4)),
    Scenario("cold start", cold, repeated=False),
]

# What is asked again where others say who is asking.
BY_IDENTITY = {
    identity: [dataclasses.replace(each, name=f"{each.name}, {words}") for each in SHOWS]
    for identity, words in (
        ("front", "no token checked by either"),
        ("keystone", "tokens of Keystone"),
    )
}
