"""What is asked of both services, as a table; and the proof that both answer alike."""

from __future__ import annotations

import dataclasses
import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import load

RARE = 100
OFFERED = 100


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One kind of load: ``run`` puts it on a contestant and returns figures."""

    name: str
    run: Callable[[Any, Any], dict[str, Any]]
    repeated: bool = True


def prepare(contestant: Any, settings: Any) -> None:
    """Fill a catalogue: the images of the load script, rare ones, and accepted offers."""
    target = load.target(contestant)
    load.script.seed(target, load.arguments(contestant, count=settings.images, clients=4))
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
VARYING = {"id", "created_at", "updated_at", "self", "file", "owner"}


def compare(one: Any, other: Any) -> None:
    """End with words unless both say the same of the same things.

    Keys, types and all values that do not depend on the moment or on ids.
    """
    told = []
    for contestant in (one, other):
        conn = load.target(contestant).conn()
        member = load.target(contestant, contestant.other_token).conn()
        pages = {name: conn.json("GET", f"/v2/images{query}") for name, query in PATHS.items()}
        pages["accepted"] = member.json("GET", f"/v2/images{ACCEPTED}")
        told.append({name: _essence(page["images"]) for name, page in pages.items()})
    for name, ours in told[1].items():
        theirs = told[0][name]
        if ours != theirs:
            first = next(
                pair
                for pair in itertools.zip_longest(theirs, ours)
                if len(set(map(str, pair))) > 1
            )
            sys.exit(f"{name} is not alike: {json.dumps(first, indent=1, sort_keys=True)}")


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
    figures = getattr(load.script, name)(load.script.Target(arguments), arguments)
    return dict(figures)


def last_page(contestant: Any, settings: Any) -> dict[str, Any]:
    """The page at the very end of the list."""
    return _hammer("lastpage", contestant, settings)


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
    """Images of the whole size one at a time, or several of a quarter at once."""

    def run(contestant: Any, settings: Any) -> dict[str, Any]:
        size = settings.mebibytes // parallel
        arguments = load.arguments(contestant, mib=size, parallel=parallel)
        return dict(load.script.upload(load.script.Target(arguments), arguments))

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
    command = [sys.executable, str(load.PEERS / "load.py"), "--endpoint", contestant.endpoint]
    command += ["--auth", "token", "--token", contestant.token, "upload", "--parallel", "4"]
    command += ["--mib", str(settings.mebibytes // 4)]
    stop = threading.Event()

    def go_on_uploading() -> None:
        while not stop.is_set():
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)

    uploads = threading.Thread(target=go_on_uploading)
    uploads.start()
    time.sleep(2)
    try:
        return show(1)(contestant, settings)
    finally:
        stop.set()
        uploads.join()


def memory(contestant: Any, settings: Any) -> dict[str, Any]:
    """What all processes of the service hold, shared pages divided among them."""
    return dict(load.script.memory(load.target(contestant).own_pids()))


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


ALL = [
    Scenario("memory, idle", memory, repeated=False),
    Scenario("show an image, 1 client", show(1)),
    Scenario("show an image, 8 clients", show(8)),
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
    Scenario("upload, one", upload(1)),
    Scenario("upload, four at once", upload(4)),
    Scenario("show an image during four uploads", show_meanwhile),
    Scenario("download, one", download(1)),
    Scenario("download, four at once", download(4)),
    Scenario("cold start", cold, repeated=False),
]
