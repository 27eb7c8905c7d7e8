"""The real Glance, deployed as its documentation has it, behind a Keystone."""

from __future__ import annotations

import subprocess
from pathlib import Path

from cloud import write_options
from real_keystone import Keystone
from server_process import free_port
from terminal import PATIENCE, answers, until

PASTE = "config_file = {home}/etc/glance/glance-api-paste.ini"

SERVER = """\
[uwsgi]
http-socket = 127.0.0.1:{port}
module = glance.wsgi.api:application
master = true
processes = 2
threads = 4
lazy-apps = true
enable-threads = true
die-on-term = true
thunder-lock = true
buffer-size = 65535
http-auto-chunked = true
http-chunked-input = true
http-raw-body = true
add-header = Connection: close
"""


class Glance:
    """The process, with stores and a database of its own in ``directory``."""

    def __init__(self, commands: Path, keystone: Keystone, directory: Path) -> None:
        self.directory = directory
        port = free_port()
        paste = PASTE.format(home=commands.parent)
        etc = directory / "etc"
        options = write_options(etc, keystone, port, directory, paste=paste)
        for store in ("fast", "slow", "staging", "tasks"):
            (directory / store).mkdir()
        (etc / "cache").mkdir()
        server = directory / "uwsgi.ini"
        server.write_text(SERVER.format(port=port))
        self._log = (directory / "log").open("ab")
        definitions = commands.parent / "etc" / "glance" / "metadefs"
        for words in (["sync"], ["load_metadefs", "--path", str(definitions)]):
            manage = [commands / "glance-manage", "--config-file", options, "db", *words]
            subprocess.run(manage, check=True, stdout=self._log, stderr=self._log)
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [commands / "uwsgi", "--ini", server],
            cwd=directory,
            env={"PATH": str(commands), "OS_GLANCE_CONFIG_DIR": str(etc)},
            stdout=self._log,
            stderr=self._log,
        )
        until(lambda: answers(f"{self.url}/versions"), f"Glance answers; see {directory}/log")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)
        self._log.close()
