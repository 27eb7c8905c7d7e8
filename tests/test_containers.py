"""The container examples of ``etc`` run commands and set options that exist.

No container engine runs them in the tests.
"""

from __future__ import annotations

import configparser
import fnmatch
import re
import shutil
import subprocess
from pathlib import Path, PurePath
from urllib.parse import urlsplit

import pytest
import yaml
from click.testing import CliRunner

from glance_shim import config
from glance_shim.cli import cli

ROOT = Path(__file__).parent.parent
CONTAINERFILE = (ROOT / "etc" / "Containerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "etc" / "compose.yaml").read_text())


def commands() -> list[list[str]]:
    found = [yaml.safe_load(each) for each in re.findall(r"^CMD (\[.*\])", CONTAINERFILE, re.M)]
    found += [each["command"] for each in COMPOSE["services"].values() if "command" in each]
    return [command for command in found if command[0] == "glance-shim"]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_a_container_runs_a_command_that_exists(command: list[str], tmp_path: Path) -> None:
    there = tmp_path / "glance-shim.conf"
    there.touch()
    arguments = [str(there) if each.endswith(".conf") else each for each in command[1:]]

    result = CliRunner().invoke(cli, [*arguments, "--help"])

    assert result.exit_code == 0, result.output


def test_the_extras_that_the_image_installs_exist() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    (extras,) = re.findall(r'"\.\[([\w,]+)\]"', CONTAINERFILE)

    assert set(extras.split(",")) <= set(setup["options.extras_require"])


def copied() -> list[str]:
    """What the build takes from the source tree."""
    lines = re.findall(r"^COPY (?!--)(.*)$", CONTAINERFILE, re.M)
    return [source for line in lines for source in line.split()[:-1]]


def test_the_image_is_made_of_files_that_exist_and_takes_no_secrets_with_it() -> None:
    mounted = [
        f"etc/{volume.split(':')[0].removeprefix('./')}"
        for service in COMPOSE["services"].values()
        for volume in service.get("volumes", ())
        if volume.startswith("./")
    ]

    for source in copied():
        assert list(ROOT.glob(source)), source
        for secret in ["etc/secrets.env", *mounted]:
            taken = [secret, *map(str, PurePath(secret).parents)]
            assert not any(fnmatch.fnmatch(each, source) for each in taken), source


def test_the_service_is_nobody_special_in_its_container() -> None:
    assert re.findall(r"^USER (.*)$", CONTAINERFILE, re.M) == ["glance-shim"]


def test_the_composition_has_two_servers_a_worker_a_database_and_a_store() -> None:
    services = COMPOSE["services"]

    assert {"api1", "api2", "worker", "database", "objects", "proxy"} <= services.keys()
    for name, service in services.items():
        for needed in service.get("depends_on", ()):
            assert needed in services, name
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source.startswith("./") or source in COMPOSE["volumes"], name


@pytest.mark.parametrize("name", ["api1", "api2", "worker", "upgrade"])
def test_what_a_container_is_told_is_an_option_that_exists(name: str) -> None:
    stores = {"objects": config.STORE_OPTIONS["s3"]}
    known = {**config.OPTIONS, **stores}

    for variable in COMPOSE["services"][name]["environment"]:
        section, _, option = variable.removeprefix("OS_").partition("__")
        section = section if section == "DEFAULT" else section.lower()
        assert option.lower() in {each.dest for each in known[section]}, variable


@pytest.mark.parametrize("name, workers", [("api1", 0), ("api2", 0), ("worker", None)])
def test_containers_agree_on_the_store_and_leave_tasks_to_the_worker(
    name: str, workers: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsaid = config.load().task.workers
    for variable, value in COMPOSE["services"][name]["environment"].items():
        monkeypatch.setenv(variable, value)

    loaded = config.load()

    assert loaded.bind_host == "0.0.0.0"
    assert loaded.oslo_middleware.enable_proxy_headers_parsing
    assert loaded.task.workers == (unsaid if workers is None else workers)
    assert loaded.backends["objects"].type == "s3"
    for store in (loaded.backends["objects"], loaded.os_glance_staging_store):
        assert urlsplit(store.s3_store_host).hostname in COMPOSE["services"]
        assert store.s3_store_bucket and store.s3_store_create_bucket_on_put


@pytest.mark.skipif(not shutil.which("haproxy", path="/usr/sbin"), reason="there is no haproxy")
def test_haproxy_finds_nothing_wrong_with_its_example(tmp_path: Path) -> None:
    text = (ROOT / "etc" / "haproxy.cfg.sample").read_text()
    checked = tmp_path / "haproxy.cfg"
    checked.write_text(re.sub(r"bind :443 .*", "bind 127.0.0.1:443", text))

    said = subprocess.run(
        ["/usr/sbin/haproxy", "-c", "-f", checked], capture_output=True, text=True, check=False
    )

    assert said.returncode == 0 and "WARNING" not in said.stderr, said.stderr
