"""A server whose disk goes and comes back."""

from __future__ import annotations

from pathlib import Path

from real_server import running, until

from glance_shim.stores.marks import NAME

DATA = b"0123456789"


def test_a_server_waits_for_its_disk(tmp_path: Path) -> None:
    with running(tmp_path / "one", upload_lease_seconds=30) as server:
        root = server.directory / "images"
        image_id = server.alice.create()["id"]
        assert server.upload(image_id, DATA).status == 204
        away = root.rename(root.with_name("away"))
        (root / "partial").mkdir(parents=True)

        refused = server.upload(server.alice.create()["id"], DATA)
        assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
        assert server.get(f"/v2/images/{image_id}/file").status == 503
        until(lambda: server.get("/healthcheck").status == 503, "it says so")
        assert "has no mark of this service and none of its data" in server.log()
        assert [path.name for path in root.rglob("*")] == ["partial"]

        root.rename(root.with_name("empty"))
        away.rename(root)
        until(lambda: server.get("/healthcheck").status == 200, "it is ready again")
        assert server.get(f"/v2/images/{image_id}/file").data == DATA
        assert (root / NAME).exists()
