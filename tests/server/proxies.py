"""The proxies of ``etc``, started as their examples say, without TLS and on free ports."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from real_server import Server, children, free_port, open_files, until
from terminal import answers

ETC = Path(__file__).parents[2] / "etc"

# What an example leaves to the program's own main file, for a process of a test.
NGINX = """\
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}/temporary;
    proxy_temp_path {directory}/temporary;
    fastcgi_temp_path {directory}/temporary;
    uwsgi_temp_path {directory}/temporary;
    scgi_temp_path {directory}/temporary;
    {example}
}}
"""


class Proxy:
    """A proxy before the servers; ``root`` is where it listens."""

    def __init__(self, name: str, directory: Path, servers: list[Server]) -> None:
        program = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
        if program is None:
            pytest.skip(f"{name} (package {name}) is not installed")
        self.name, self.directory, self.port = name, directory, free_port()
        self.temporary = directory / "temporary"
        self.temporary.mkdir()
        configuration = directory / "configuration"
        configuration.write_text(getattr(self, f"_{name}")(servers))
        arguments = {"nginx": ["-e", directory / "error.log", "-c"], "haproxy": ["-db", "-f"]}
        with (directory / "output").open("w") as output:
            self.process = subprocess.Popen(
                [program, *arguments[name], configuration],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.root = f"http://127.0.0.1:{self.port}"
        until(self._serves, f"{name} answers; see {directory}")

    def _serves(self) -> bool:
        assert self.process.poll() is None, self.said()
        return answers(f"{self.root}/healthcheck")

    def said(self) -> str:
        return "".join(
            (self.directory / name).read_text()
            for name in ("output", "error.log")
            if (self.directory / name).exists()
        )

    def _nginx(self, servers: list[Server]) -> str:
        example = (ETC / "nginx.conf.sample").read_text()
        both = " ".join(f"server 127.0.0.1:{server.port};" for server in servers)
        example = replaced(example, r"server 127\.0\.0\.1:9292;", both)
        example = replaced(example, r"listen 443 ssl;", f"listen 127.0.0.1:{self.port};")
        example = replaced(example, r"ssl_certificate .*\n", "\n")
        example = replaced(example, r"ssl_certificate_key .*\n", "\n")
        data = Path(servers[0].service.directory) / "images"
        example = replaced(example, "/sent-by-nginx/local/", "/sent-by-nginx/default/")
        example = replaced(example, "/var/lib/glance-shim/images/", f"{data}/")
        main = "user root;\n" if os.getuid() == 0 else ""
        return main + NGINX.format(directory=self.directory, example=example)

    def _haproxy(self, servers: list[Server]) -> str:
        example = (ETC / "haproxy.cfg.sample").read_text()
        example = replaced(example, r"bind :443 .*", f"bind 127.0.0.1:{self.port}")
        both = "\n    ".join(
            f"server host{n} 127.0.0.1:{server.port} check inter 500"
            for n, server in enumerate(servers)
        )
        return replaced(example, r"server host1 .*", both)

    def on_disk(self) -> list[str]:
        """The data that the proxy keeps in files.

        They are looked for in its processes: nginx takes the name from a temporary
        file as soon as it has made it, and holds it open as long as the request lasts.
        """
        pids = [self.process.pid, *children(self.process.pid)]
        return open_files(pids, self.temporary)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def replaced(text: str, pattern: str, by: str) -> str:
    """The text with the one place changed that the pattern fits."""
    changed, count = re.subn(pattern, lambda _: by, text)
    assert count == 1, pattern
    return changed
