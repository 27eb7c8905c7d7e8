"""A real engine that speaks S3, OpenStack Swift, on free ports of this machine."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import botocore.config
import botocore.session
import environments
from server_process import free_port

PATIENCE = 120

MISSING = (
    "Swift is not installed; "
    f"{environments.VARIABLES['swift']}=make has it installed in {environments.OURS}"
)

ACCESS_KEY, SECRET_KEY = "test:tester", "testing"

SERVER = """\
[DEFAULT]
swift_dir = {etc}
devices = {devices}
mount_check = false
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
disable_fallocate = true
log_level = WARNING
"""
STORAGE = """\
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
recon_cache_path = {directory}
"""
PROXY = """\
[pipeline:main]
pipeline =
    catch_errors gatekeeper healthcheck cache listing_formats s3api tempauth slo proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
paste.filter_factory = swift_memory:filter_factory
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin .reseller_admin
[filter:slo]
use = egg:swift#slo
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
"""

# The proxy wants a memory that its processes share; there is one process here.
MEMORY = """\
import time

class Memory:
    def __init__(self):
        self.kept = {}

    def get(self, key, **options):
        value, until = self.kept.get(key, (None, 0))
        return value if not until or until > time.time() else None

    def set(self, key, value, time=0, **options):
        self.kept[key] = value, time and __import__("time").time() + time

    def incr(self, key, delta=1, time=0, **options):
        value = int(self.get(key) or 0) + delta
        self.set(key, value, time)
        return value

    def decr(self, key, delta=1, time=0, **options):
        return self.incr(key, -delta, time)

    def delete(self, key, **options):
        self.kept.pop(key, None)

    def set_multi(self, values, *args, time=0, **options):
        for key, value in values.items():
            self.set(key, value, time)

    def get_multi(self, keys, *args, **options):
        return [self.get(key) for key in keys]

def filter_factory(*args, **options):
    memory = Memory()
    def around(app):
        def serve(environ, start_response):
            environ["swift.cache"] = memory
            return app(environ, start_response)
        return serve
    return around
"""

RINGS = """\
import sys
from swift.common.ring import RingBuilder
etc, *servers = sys.argv[1:]
for server in servers:
    name, port = server.split(":")
    builder = RingBuilder(4, 1, 1)
    builder.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port),
                     "replication_ip": "127.0.0.1", "replication_port": int(port),
                     "device": "disk", "weight": 1, "meta": ""})
    builder.rebalance()
    builder.get_ring().save(f"{etc}/{name}.ring.gz")
"""


class Swift:
    """The servers of one Swift, and its data in a directory; it can be stopped and started."""

    def __init__(self, directory: Path, commands: Path) -> None:
        self.directory = directory
        self._commands = commands
        self._etc = directory / "etc"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ports = {
            name: free_port() for name in ("account", "container", "object", "proxy")
        }
        self._write()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return self._ports["proxy"]

    def options(self, bucket: str, **others: Any) -> dict[str, Any]:
        """The options of a store in that bucket."""
        return {
            "s3_store_host": self.url,
            "s3_store_access_key": ACCESS_KEY,
            "s3_store_secret_key": SECRET_KEY,
            "s3_store_bucket": bucket,
            "s3_store_bucket_url_format": "path",
            "s3_store_create_bucket_on_put": True,
            **others,
        }

    def client(self, access_key: str = ACCESS_KEY) -> Any:
        """A client of the engine that is none of ours; its owner's, or of who has that key."""
        return botocore.session.get_session().create_client(
            "s3",
            region_name="us-east-1",
            endpoint_url=self.url,
            aws_access_key_id=access_key,
            aws_secret_access_key=SECRET_KEY,
            config=botocore.config.Config(s3={"addressing_style": "path"}),
        )

    def objects(self, bucket: str) -> list[str]:
        """The names of all objects in the bucket."""
        answer = self.client().list_objects_v2(Bucket=bucket)
        return [found["Key"] for found in answer.get("Contents", ())]

    def unfinished(self, bucket: str) -> list[str]:
        """The names of all objects in the bucket of which there are but parts."""
        answer = self.client().list_multipart_uploads(Bucket=bucket)
        return [found["Key"] for found in answer.get("Uploads", ())]

    def _write(self) -> None:
        (self.directory / "devices" / "disk").mkdir(parents=True)
        self._etc.mkdir()
        (self._etc / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = x\n")
        (self._etc / "swift_memory.py").write_text(MEMORY)
        for name, port in self._ports.items():
            head = SERVER.format(
                etc=self._etc,
                devices=self.directory / "devices",
                port=port,
                user=os.environ.get("USER") or "root",
            )
            rest = (
                PROXY
                if name == "proxy"
                else STORAGE.format(name=name, directory=self.directory)
            )
            (self._etc / f"{name}-server.conf").write_text(head + rest)
        servers = [f"{name}:{port}" for name, port in self._ports.items() if name != "proxy"]
        python = self._commands / "python"
        subprocess.run([python, "-c", RINGS, self._etc, *servers], check=True, cwd=self._etc)

    def start(self) -> None:
        """Serve, with the data of before."""
        environment = {
            "PATH": os.environ["PATH"],
            "SWIFT_DIR": str(self._etc),
            "PYTHONPATH": str(self._etc),
            "PYTHONWARNINGS": "ignore",
        }
        for name in self._ports:
            command = self._commands / f"swift-{name}-server"
            with open(self.directory / f"{name}.log", "ab") as log:
                self._processes.append(
                    subprocess.Popen(
                        [command, self._etc / f"{name}-server.conf"],
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        env=environment,
                        start_new_session=True,
                    )
                )
        self._wait_until_it_serves()

    def _wait_until_it_serves(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not all(map(self._serves, self._ports)):
            ended = any(process.poll() is not None for process in self._processes)
            assert not ended and time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def _serves(self, name: str) -> bool:
        url = f"http://127.0.0.1:{self._ports[name]}/healthcheck"
        try:
            urllib.request.urlopen(url, timeout=PATIENCE).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """End all servers in the middle of whatever they do; the ports are free then."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
        self._processes.clear()

    def log(self) -> str:
        return "".join(path.read_text() for path in sorted(self.directory.glob("*.log")))


@contextlib.contextmanager
def stopped(engine: Swift) -> Any:
    """The engine is away in the block, and there again after it."""
    engine.stop()
    try:
        yield
    finally:
        engine.start()
