"""Upload and download through an object store, as a share of what its client alone reaches.

    python tests/bench/through_s3.py [--mib 256] [--rounds 3]

The engine is a Swift of the tests, the client alone is botocore with parts of
the same size, as many at once. Prints rates, shares, and the memory of the
server's processes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent import futures
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import botocore.config
import botocore.session
import environments
import load
from contestants import Here
from object_store import ACCESS_KEY, SECRET_KEY, Swift

PART = 10 << 20
AT_ONCE = 4


class HereOnS3(Here):
    """This service with its data in the engine."""

    def __init__(self, engine: Swift, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._engine = engine

    def _stores(self) -> list[str]:
        options = self._engine.options("images")
        given = [f"{name} = {value}" for name, value in options.items()]
        return ["[glance_store]", "default_backend = objects", "[objects]", *given]

    def _general(self) -> list[str]:
        return ["enabled_backends = objects:s3"]


def measure(scratch: Path, settings: Any) -> dict[str, list[float]]:
    """MiB a second of each way, one figure a round, in turns."""
    commands = environments.find("swift") or sys.exit("Swift is not installed")
    engine = Swift(scratch / "swift", commands)
    engine.start()
    here = HereOnS3(engine, settings, scratch / "here")
    here.start()
    rates: dict[str, list[float]] = {}
    try:
        client = _client(engine)
        for _ in range(settings.rounds):
            for name, run in _ways(here, client, settings.mebibytes).items():
                start = time.perf_counter()
                run()
                seconds = time.perf_counter() - start
                rates.setdefault(name, []).append(settings.mebibytes / seconds)
            rates.setdefault("memory at its peak, MiB", []).append(here.peak)
    finally:
        here.discard()
        engine.stop()
    return rates


def _client(engine: Swift) -> Any:
    session = botocore.session.get_session()
    session.set_credentials(ACCESS_KEY, SECRET_KEY)
    config = botocore.config.Config(
        s3={"addressing_style": "path"}, request_checksum_calculation="when_required"
    )
    client = session.create_client(
        "s3", region_name="us-east-1", endpoint_url=engine.url, config=config
    )
    client.create_bucket(Bucket="images")
    return client


def _ways(here: Any, client: Any, mebibytes: int) -> dict[str, Callable[[], Any]]:
    """What is timed, by name; a download comes after the upload it fetches."""
    block, digest = load.script.block_and_hash(mebibytes << 20)
    conn = load.target(here).conn()
    image = load.script.new_image(conn, "load-s3")
    file = f"/v2/images/{image}/file"

    def upload() -> None:
        peak = load.script.Peak(load.target(here).own_pids())
        peak.start()
        status = conn.upload(file, mebibytes << 20, block)[0]
        peak.stop = True
        here.peak = peak.top["pss_mib"]
        assert status == 204, status
        shown = conn.json("GET", f"/v2/images/{image}")
        assert shown["os_hash_value"] == digest

    def download() -> None:
        status, _, count = conn.request("GET", file, sink=lambda _: None)
        assert (status, count) == (200, mebibytes << 20)

    return {
        "upload, client alone": lambda: _alone(client, block, mebibytes << 20),
        "upload, here": upload,
        "download, client alone": lambda: _fetch(client),
        "download, here": download,
    }


def _alone(client: Any, block: bytes, size: int) -> None:
    """Parts of the same size, as many at once, without looking at a byte."""
    target = {"Bucket": "images", "Key": "alone"}
    upload = client.create_multipart_upload(**target)["UploadId"]

    def send(number: int) -> dict[str, Any]:
        length = min(PART, size - (number - 1) * PART)
        part = (block + block)[:length]
        told = client.upload_part(**target, UploadId=upload, PartNumber=number, Body=part)
        return {"PartNumber": number, "ETag": told["ETag"]}

    with futures.ThreadPoolExecutor(AT_ONCE) as pool:
        parts = list(pool.map(send, range(1, -(-size // PART) + 1)))
    client.complete_multipart_upload(
        **target, UploadId=upload, MultipartUpload={"Parts": parts}
    )


def _fetch(client: Any) -> None:
    body = client.get_object(Bucket="images", Key="alone")["Body"]
    while body.read(1 << 20):
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=256, dest="mebibytes")
    parser.add_argument("--rounds", type=int, default=3)
    settings = parser.parse_args()
    settings.engine, settings.identity = "sqlite", "embedded"
    with tempfile.TemporaryDirectory() as scratch:
        rates = measure(Path(scratch), settings)
    middle = {name: statistics.median(values) for name, values in rates.items()}
    for name, value in middle.items():
        print(f"{name}: {value:.1f} ({', '.join(f'{rate:.1f}' for rate in rates[name])})")
    for way in ("upload", "download"):
        share = middle[f"{way}, here"] / middle[f"{way}, client alone"]
        print(f"{way}: {share:.0%} of what the client alone reaches")


if __name__ == "__main__":
    load.require()
    main()
