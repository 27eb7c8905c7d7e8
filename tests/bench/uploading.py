"""Four clients that upload to a service again and again, until their input ends.

python tests/bench/uploading.py ENDPOINT TOKEN MEBIBYTES
"""

from __future__ import annotations

import contextlib
import random
import sys
import threading
import types

import load

CLIENTS = 4


def main(endpoint: str, token: str, mebibytes: int) -> None:
    contestant = types.SimpleNamespace(endpoint=endpoint, token=token, count_ports=[])
    block = random.Random(7).randbytes(8 << 20)
    stop = threading.Event()

    def go_on() -> None:
        conn = load.target(contestant).conn()
        while not stop.is_set():
            # Glance refuses some of what comes at once where its database is a file.
            with contextlib.suppress(RuntimeError, OSError):
                image = load.script.new_image(conn, "load-meanwhile")
                conn.upload(f"/v2/images/{image}/file", mebibytes << 20, block)
                conn.request("DELETE", f"/v2/images/{image}")

    clients = [threading.Thread(target=go_on) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    sys.stdin.read()
    stop.set()
    for client in clients:
        client.join()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
