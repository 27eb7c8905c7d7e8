"""Sixteen clients at work while every part of a cluster is taken away in turn."""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import environments
import object_store
import private_databases
import pytest
from cluster import Cluster
from cluster_clients import BLOCK, Client
from web_source import Source

from glance_shim.core import recovery
from glance_shim.db import connection
from glance_shim.db.models.images import Image, Removal, Upload
from glance_shim.db.models.tasks import Task

pytestmark = pytest.mark.xdist_group("cluster")

CLIENTS = 16
SECONDS = float(os.environ.get("GLANCE_SHIM_CLUSTER_SECONDS") or 60)

# Leases of dead uploads, and the time after which parts of an upload count as left behind.
PATIENCE = 400


@pytest.fixture
def cluster(tmp_path: Path, source: str) -> Iterator[Cluster]:
    commands = environments.find("swift")
    if commands is None:
        pytest.skip(object_store.MISSING)
    engine = object_store.Swift(tmp_path / "swift", commands)
    with private_databases.postgres() as postgres:
        engine.start()
        made = Cluster(tmp_path, postgres, engine, int(source.rpartition(":")[2]))
        try:
            yield made
        finally:
            made.stop()
            engine.stop()


def test_no_fault_makes_an_answer_untrue(cluster: Cluster, source: str) -> None:
    Source.answers["/cluster"] = (200, {"Content-Length": "70000"}, BLOCK[:70_000])
    end = time.monotonic() + SECONDS
    clients = [
        Client(
            number,
            cluster.hosts,
            cluster.service.person(f"owner{number}", "member"),
            cluster.service.person(f"member{number}", "member"),
            f"{source}/cluster",
            end,
        )
        for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    done = take_away_in_turn(cluster, end)
    for client in clients:
        client.join()
    count: Counter[str] = sum((client.count for client in clients), Counter())
    print(dict(count), dict(done))

    assert [finding for client in clients for finding in client.findings] == []
    assert min(count[what] for what in ("created", "uploaded", "downloaded", "imported")) > 0
    until_settled(cluster)
    active = sum(client.check() for client in clients)
    assert active > 0
    nothing_is_left_over(cluster)
    for client in clients:
        usage_adds_up(cluster, client)


def take_away_in_turn(cluster: Cluster, end: float) -> Counter[str]:
    """Every fault at least once, in an order that only the seed knows."""
    done: Counter[str] = Counter()
    chance = random.Random(7)
    faults = cluster.faults()
    while time.monotonic() < end or len(done) < len(faults):
        chance.shuffle(faults)
        for name, fault in faults:
            # Away for twenty seconds is enough once.
            if done[name] and (name.startswith("the object store") or time.monotonic() > end):
                continue
            time.sleep(chance.uniform(1, 4))
            fault()
            done[name] += 1
    return done


def until_settled(cluster: Cluster) -> None:
    """Wait until nothing is on its way, as leases of the dead run out."""
    deadline = time.monotonic() + PATIENCE
    while left := _on_its_way(cluster):
        assert time.monotonic() < deadline, f"still on its way: {left}"
        time.sleep(1)


def _on_its_way(cluster: Cluster) -> dict[str, int]:
    with connection.connected(cluster.service.deployment.database):
        counts = {
            "uploads": Upload.select().count(),
            "removals": Removal.select().count(),
            "tasks": Task.select().where(Task.status.in_(("pending", "processing"))).count(),
            "busy": Image.select().where(Image.status.in_(("saving", "importing"))).count(),
        }
    return {name: number for name, number in counts.items() if number}


def nothing_is_left_over(cluster: Cluster) -> None:
    """Every object has a row and every row its object, of the size it says."""
    with connection.connected(cluster.service.deployment.database):
        rows = Image.select(Image.locations, Image.size).where(Image.deleted == False)  # noqa: E712
        wanted = {
            place[1]: size for locations, size in rows.tuples() for place in locations or ()
        }
    assert cluster.objects() == wanted
    bucket = cluster.service.deployment.stores.find("objects")._bucket

    def no_parts() -> bool:
        with connection.connected(cluster.service.deployment.database):
            recovery.sweep(cluster.service.deployment)
        return not bucket.call("list_multipart_uploads").get("Uploads")

    deadline = time.monotonic() + PATIENCE
    while not no_parts():
        assert time.monotonic() < deadline, "parts of dead uploads stay"
        time.sleep(1)


def usage_adds_up(cluster: Cluster, client: Client) -> None:
    """What a project is said to use is what its images are."""
    images: list[Any] = []
    path = "/v2/images?limit=1000"
    images = json.loads(client.insist("GET", path)[1])["images"]
    mine = [image for image in images if image["owner"] == client.owner.project_id]
    usage = json.loads(client.insist("GET", "/v2/info/usage")[1])["usage"]
    assert usage["image_count_total"]["usage"] == len(mine)
    assert usage["image_count_uploading"]["usage"] == sum(
        image["status"] == "uploading" for image in mine
    )
    stored = sum(image["size"] or 0 for image in mine if image["status"] == "active")
    assert usage["image_size_total"]["usage"] == stored >> 20
