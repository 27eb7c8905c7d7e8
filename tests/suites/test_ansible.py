"""The image modules of Ansible's openstack.cloud, with the service of a quickstart."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

import disk_images
from cloud import commands_of
from server_process import Server, free_port

PLAYBOOK = Path(__file__).parent / "playbook.yaml"


def test_the_playbook_goes_through(tmp_path: Path) -> None:
    commands, port = commands_of("ansible-modules"), str(free_port())
    data = disk_images.qcow2(virtual_size=16 << 20)
    (tmp_path / "image.qcow2").write_bytes(data)
    site = tmp_path / "site"
    server = Server(tmp_path, "quickstart", "--directory", str(site), "--port", port)
    server.wait_until_it_serves(f"http://127.0.0.1:{port}")
    given = {
        "file": str(tmp_path / "image.qcow2"),
        "checksum": hashlib.md5(data).hexdigest(),
        # The modules run with what is installed beside Ansible.
        "ansible_python_interpreter": str(commands / "python"),
    }

    played = subprocess.run(
        [commands / "ansible-playbook", PLAYBOOK, "-e", json.dumps(given)],
        cwd=tmp_path,
        env={
            "PATH": f"{commands}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "OS_CLIENT_CONFIG_FILE": str(site / "clouds.yaml"),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert server.stop() == 0
    assert played.returncode == 0, played.stdout + played.stderr
    assert "Traceback" not in server.err
