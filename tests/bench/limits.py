"""What the machine itself can do, measured in the same run."""

from __future__ import annotations

import hashlib
import os
import queue
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import load
from contestants import free_port

BLOCK = 256 * 1024

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


def measure(scratch: Path, settings: Any) -> list[dict[str, Any]]:
    """Hashing with two threads, alone and with write and fsync; nginx sending a file."""
    figures = []
    for turn in range(settings.rounds):
        for name, file in (("both hashes", None), ("both hashes, write, fsync", scratch / "f")):
            rate = _hash(settings.mebibytes, file)
            figures.append(_line(name, turn, rate))
    figures += [_line(name, 0, rate) for name, rate in _nginx(scratch, settings)]
    return figures


def _line(name: str, turn: int, rate: float) -> dict[str, Any]:
    return {"scenario": f"limit: {name}", "of": "machine", "round": turn, "mib_per_s": rate}


def _hash(mebibytes: int, file: Path | None) -> float:
    """MiB a second: MD5 on one thread, SHA-512 on the other, which also writes."""
    block, count = os.urandom(BLOCK), mebibytes * 4
    sha, waiting = hashlib.sha512(), queue.Queue[bytes | None](8)

    def other() -> None:
        digest = hashlib.md5(usedforsecurity=False)
        while (part := waiting.get()) is not None:
            digest.update(part)

    start = time.perf_counter()
    thread = threading.Thread(target=other)
    thread.start()
    descriptor = os.open(file or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for _ in range(count):
        waiting.put(block)
        sha.update(block)
        if file:
            os.write(descriptor, block)
    waiting.put(None)
    thread.join()
    if file:
        os.fsync(descriptor)
    os.close(descriptor)
    seconds = time.perf_counter() - start
    if file:
        file.unlink()
    return round(mebibytes / seconds, 1)


def _nginx(scratch: Path, settings: Any) -> list[tuple[str, float]]:
    """The same file by the same client from nginx: one at a time, and four at once."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if not program:
        print("nginx is not installed; its rate is not measured")
        return []
    files, port = scratch / "files", free_port()
    files.mkdir()
    with open(files / "data", "wb") as data:
        for _ in range(settings.mebibytes):
            data.write(os.urandom(1 << 20))
    options = scratch / "nginx.conf"
    options.write_text(NGINX.format(directory=scratch, port=port))
    # Where it is started by root, its own processes are somebody else.
    for directory in (scratch, files):
        directory.chmod(0o755)
    (files / "data").chmod(0o644)
    server = subprocess.Popen([program, "-e", f"{scratch}/error.log", "-c", str(options)])
    try:
        time.sleep(1)
        return [
            ("nginx, one", _rate(port, 1, settings)),
            ("nginx, four at once", _rate(port, 4, settings)),
        ]
    finally:
        server.terminate()
        server.wait()


def _rate(port: int, parallel: int, settings: Any) -> float:
    def fetch() -> None:
        conn = load.script.Conn(("127.0.0.1", port, ""), {})
        status, _, count = conn.request("GET", "/data", sink=lambda _: None)
        assert (status, count) == (200, settings.mebibytes << 20)

    rates = []
    for _ in range(3):
        threads = [threading.Thread(target=fetch) for _ in range(parallel)]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rates.append(parallel * settings.mebibytes / (time.perf_counter() - start))
    return round(max(rates), 1)
