"""Tempest's tests of an image service, run as its users run them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import outcomes
from cloud import Cloud
from outcomes import Outcome

# It is told of every feature that can be had without other services; Nova, which some
# tests need, is not there.
CONFIGURATION = """\
[DEFAULT]
log_dir = {directory}
[oslo_concurrency]
lock_path = {directory}/lock
[auth]
use_dynamic_credentials = true
create_isolated_networks = false
admin_username = admin
admin_password = {cloud.keystone.admin_password}
admin_project_name = admin
admin_domain_name = Default
default_credentials_domain_name = Default
[identity]
auth_version = v3
uri_v3 = {cloud.keystone.url}
region = RegionOne
v3_endpoint_type = public
[service_available]
nova = false
neutron = false
cinder = false
swift = false
[enforce_scope]
glance = true
[image]
build_timeout = 120
http_image = {cloud.assets}/image.qcow2
http_qcow2_image = {cloud.assets}/image.qcow2
image_caching_enabled = true
alternate_image_endpoint = image_remote
[image-feature-enabled]
manage_locations = true
image_format_enforcement = false
do_secure_hash = {secure_hash}
http_store_enabled = true
store_weight_enabled = true
"""

STESTR = """\
[DEFAULT]
test_path = {tempest}/test_discover
top_dir = {tempest}/..
group_regex = ([^\\.]*\\.)*
"""

# One test serves an image to the service from an address of this machine that others
# can reach; it may be the loopback address here. Python runs this at its start.
LOOPBACK = """\
import importlib.abc, importlib.machinery, sys

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "tempest.common.image":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            module.get_non_loopback_ipv4 = lambda: "127.0.0.1"

        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Finder())
"""


def run(
    commands: Path, cloud: Cloud, directory: Path, tests: str, secure_hash: bool = True
) -> dict[str, Outcome]:
    """Run the tests whose names match an expression; what became of each."""
    (directory / "tempest.conf").write_text(
        CONFIGURATION.format(directory=directory, cloud=cloud, secure_hash=secure_hash)
    )
    where = "import tempest, os; print(os.path.dirname(tempest.__file__))"
    python = [commands / "python", "-c", where]
    tempest = subprocess.run(python, capture_output=True, text=True, check=True).stdout.strip()
    (directory / ".stestr.conf").write_text(STESTR.format(tempest=tempest))
    (directory / "sitecustomize.py").write_text(LOOPBACK)
    stream = directory / "subunit"
    with open(stream, "wb") as out, open(directory / "stderr", "wb") as err:
        subprocess.run(
            [commands / "stestr", "run", "--subunit", "--concurrency", "2", tests],
            cwd=directory,
            env={
                "PATH": f"{commands}:{os.environ['PATH']}",
                "HOME": str(directory),
                "PYTHONPATH": str(directory),
                "TEMPEST_CONFIG_DIR": str(directory),
                "TEMPEST_CONFIG": "tempest.conf",
            },
            stdout=out,
            stderr=err,
            check=False,
        )
    return outcomes.read(stream, commands / "python")
