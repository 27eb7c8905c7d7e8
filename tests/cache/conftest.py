"""A node with a cache in front of a slow store."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from people import Person, Service
from real_server import until
from slow_stores import SlowStore

from glance_shim.core import cache, cache_filling
from glance_shim.db import cache as rows
from glance_shim.db import connection
from glance_shim.db.models.cache import CachedImage
from glance_shim.stores import marks

DATA = b"0123456789"


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("node") / "cache"


class Node:
    """A service with a cache, seen from its machine."""

    def __init__(self, service: Service, directory: Path, slow: SlowStore) -> None:
        self.service = service
        self.directory = directory
        self.slow = slow

    @property
    def deployment(self) -> Any:
        return self.service.deployment

    @property
    def name(self) -> str:
        return cache.node(self.deployment)

    def settle(self) -> None:
        """Wait until nothing is fetched in the background."""
        until(lambda: not cache_filling._background._runs, "nothing is fetched any more")

    def files(self) -> list[Path]:
        """Every file in the directory but its mark, partial ones too."""
        found = (path for path in self.directory.rglob("*") if path.is_file())
        return sorted(path for path in found if path.name != marks.NAME)

    def do(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call it with a connection to the database."""
        with connection.connected(self.deployment.database):
            return function(*args)

    def fetch_next(self) -> bool:
        return self.do(cache_filling.fetch_next, self.deployment)

    def sweep(self) -> None:
        self.do(cache.sweep, self.deployment)

    def entries(self) -> list[rows.EntryRow]:
        return self.do(rows.select, self.name)

    def entry(self, image_id: str) -> Any:
        return self.do(rows.find, self.name, image_id)

    def change(self, image_id: str, **values: Any) -> None:
        """Let the entry of the image have these values."""
        query = CachedImage.update(**values).where(CachedImage.image == image_id)
        assert self.do(query.execute) == 1

    def only_queue(self, image_id: str) -> None:
        """Queue an image without anybody beginning."""
        self.do(rows.add, self.name, image_id, len(DATA))


@pytest.fixture
def make_node(make_service: Any, cache_dir: Path, tmp_path: Path) -> Iterator[Any]:
    """``make_node(image_cache_max_size=…)``: a node with an empty cache."""
    made: list[Node] = []

    def make(**options: Any) -> Node:
        options.setdefault("image_cache_dir", str(cache_dir))
        service = make_service(enabled_backends={"fast": "file"}, **options)
        slow = SlowStore("slow", tmp_path / "slow")
        service.deployment.stores["slow"] = slow
        for path in cache_dir.rglob("*"):
            if path.is_file():
                path.unlink()
        made.append(Node(service, cache_dir, slow))
        return made[-1]

    yield make
    for node in made:
        node.settle()
    shutil.rmtree(tmp_path / "slow", ignore_errors=True)


@pytest.fixture
def node(make_node: Any) -> Node:
    return make_node()


@pytest.fixture
def service(node: Node) -> Service:
    return node.service


@pytest.fixture
def upload() -> Callable[..., str]:
    """``upload(person, data)``: an image whose data is in the slow store."""

    def put(person: Person, data: bytes = DATA, store: str = "slow", **values: Any) -> str:
        image_id = person.create(**values)["id"]
        answer = person.upload(image_id, data, **{"X-Image-Meta-Store": store})
        assert answer.status_code == 204, answer.text
        return image_id

    return put


@pytest.fixture
def image(alice: Person, upload: Callable[..., str]) -> str:
    """An image of alice in the slow store."""
    return upload(alice)


def listed(person: Person) -> tuple[list[str], list[str]]:
    """The ids of the cached and of the queued images."""
    answer = person.get("/v2/cache")
    assert answer.status_code == 200, answer.text
    cached = [entry["image_id"] for entry in answer.json["cached_images"]]
    return cached, answer.json["queued_images"]
