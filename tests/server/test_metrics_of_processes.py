"""Every process counts, and each tells what all have counted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from real_server import Server, until

pytest.importorskip("prometheus_client")

METRICS = "\n[metrics]\nallowed_networks = 127.0.0.0/8\n"


def counted(server: Server) -> float:
    text = server.get("/metrics").data.decode()
    found = re.findall(r'requests_total\{code="200",[^}]*route="/v2/images"\} ([\d.]+)', text)
    return sum(map(float, found))


def test_any_process_tells_what_all_have_counted(tmp_path: Path) -> None:
    server = Server(tmp_path / "server", sections=METRICS, workers=3)
    try:
        for _ in range(30):
            assert server.get("/v2/images").status == 200
        until(lambda: counted(server) == 30, "all are counted")
        assert {counted(server) for _ in range(10)} == {30.0}
        directory = server.directory / f"metrics-{server.port}"
        assert directory.stat().st_mode & 0o777 == 0o700
        server.kill()
        server.start()
        assert counted(server) == 0
    finally:
        server.stop()
