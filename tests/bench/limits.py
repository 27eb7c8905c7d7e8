"""What the machine itself can do, asked in the same turns as the two services."""

from __future__ import annotations

import hashlib
import os
import queue
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import load
from contestants import free_port

BLOCK = 256 * 1024
WHOLE = "whole"
QUARTERS = ("a", "b", "c", "d")

NGINX = """\
daemon off;
worker_processes 2;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{}}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ root {directory}/files; }}
    }}
}}
"""


class Machine:
    """Hashing and writing without a network, and nginx sending the same files."""

    name = "limit"
    token = "none"
    count_ports: tuple[int, ...] = ()

    def __init__(self, directory: Path, settings: Any) -> None:
        self._directory, self._settings = directory, settings
        self._nginx: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Machine:
        self._directory.mkdir(parents=True)
        return self

    def __exit__(self, *_: Any) -> None:
        if self._nginx is not None:
            self._nginx.terminate()
            self._nginx.wait()

    def hashing(self, parallel: int) -> dict[str, Any]:
        """MiB a second of as many processes, each with two threads, with write and sync."""
        size = self._settings.mebibytes // parallel
        command = [sys.executable, __file__, str(size), str(self._directory)]
        running = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            for _ in range(parallel)
        ]
        seconds = [float(process.communicate()[0]) for process in running]
        return {"mib_per_s": round(size * parallel / max(seconds), 1)}

    def sending(self, parallel: int) -> dict[str, Any] | None:
        """The same downloads by the same client from nginx; ``None`` where it is not."""
        if not self._start_nginx():
            return None
        images = [WHOLE] if parallel == 1 else QUARTERS[:parallel]
        more = {"mib": self._settings.mebibytes // parallel, "parallel": parallel, "repeat": 3}
        arguments = load.arguments(self, image=",".join(images), **more)
        return dict(load.script.download(load.script.Target(arguments), arguments))

    def _start_nginx(self) -> bool:
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        if self._nginx is not None or not program:
            return program is not None
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        self._make_files()
        options = self._directory / "nginx.conf"
        options.write_text(NGINX.format(directory=self._directory, port=port))
        self._nginx = subprocess.Popen(
            [program, "-e", f"{self._directory}/error.log", "-c", str(options)]
        )
        time.sleep(1)
        return True

    def _make_files(self) -> None:
        """Files at the paths at which a service has them."""
        block, mebibytes = random.Random(7).randbytes(1 << 20), self._settings.mebibytes
        sizes = {WHOLE: mebibytes, **dict.fromkeys(QUARTERS, mebibytes // len(QUARTERS))}
        for name, size in sizes.items():
            file = self._directory / "files" / "v2" / "images" / name / "file"
            file.parent.mkdir(parents=True)
            with file.open("wb") as data:
                for _ in range(size):
                    data.write(block)
        # Where it is started by root, its own processes are somebody else.
        for path in (self._directory.parent, self._directory, *self._directory.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)


def _hash(mebibytes: int, file: Path) -> float:
    """Seconds for MD5 on one thread and SHA-512 on the other, which also writes."""
    block, count = os.urandom(BLOCK), mebibytes * 4
    sha, waiting = hashlib.sha512(), queue.Queue[bytes | None](8)

    def other() -> None:
        digest = hashlib.md5(usedforsecurity=False)
        while (part := waiting.get()) is not None:
            digest.update(part)

    start = time.perf_counter()
    thread = threading.Thread(target=other)
    thread.start()
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for _ in range(count):
        waiting.put(block)
        sha.update(block)
        os.write(descriptor, block)
    waiting.put(None)
    thread.join()
    os.fsync(descriptor)
    os.close(descriptor)
    seconds = time.perf_counter() - start
    file.unlink()
    return seconds


if __name__ == "__main__":
    print(_hash(int(sys.argv[1]), Path(sys.argv[2]) / f"hashed-{os.getpid()}"))
