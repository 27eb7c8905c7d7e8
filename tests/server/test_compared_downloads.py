"""Downloads that are compared with the hash of the image, over the wire."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_server import MIB, Server

DATA = bytes(range(256)) * (16 * MIB // 256)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "server", verify_downloads=True)
    yield server
    server.stop()


def test_what_is_damaged_is_never_a_whole_answer(server: Server) -> None:
    image_id = server.alice.active(DATA)["id"]
    path = f"/v2/images/{image_id}/file"
    assert server.get(path).data == DATA
    (blob,) = server.service.blobs()
    with blob.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"x")

    with pytest.raises(http.client.IncompleteRead) as broken:
        server.get(path)

    assert len(broken.value.partial) < len(DATA)
    assert DATA.startswith(broken.value.partial)
    assert server.get(path).status == 503
