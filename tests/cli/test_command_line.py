"""What is the same for all commands: help, completion, colours, exit codes."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from glance_shim.cli import cli
from glance_shim.cli.examples import EXAMPLES

OF_THEIR_OWN = {"adopt", "leave"}


def leaves(group: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    for word, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, f"{name}{word} ")
        else:
            yield f"{name}{word}", command


@pytest.fixture
def shell(tmp_path: Path) -> Any:
    """``shell("db current")``: the command as a process, in a directory of its own."""

    def run(words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "glance_shim", *shlex.split(words)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "GLANCE_SHIM_CONFIG_FILE": "", **variables},
        )

    return run


@pytest.fixture
def options(tmp_path: Path) -> str:
    """A file with options that work."""
    file = tmp_path / "glance-shim.conf"
    file.write_text(
        f"[DEFAULT]\nstate_path = {tmp_path}\nbind_port = 1\n"
        f"[database]\nconnection = sqlite:///{tmp_path}/glance.db\n"
        f"[glance_store]\nfilesystem_store_datadir = {tmp_path}/images\n"
    )
    file.chmod(0o600)
    return str(file)


@pytest.mark.parametrize("name", [name for name, _ in leaves(cli)])
def test_every_command_has_help(name: str) -> None:
    command = dict(leaves(cli))[name]

    assert command.help, name
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, (name, parameter.name)


COMMON = ("create", "set", "copy", "load", "check", "upgrade", "verify", "recover", "doctor")


@pytest.mark.parametrize("name", [n for n, _ in leaves(cli) if n.split()[-1] in COMMON])
def test_every_command_with_something_to_say_has_an_example(name: str) -> None:
    assert name in EXAMPLES


@pytest.mark.parametrize("line", [line for lines in EXAMPLES.values() for line in lines])
def test_an_example_is_understood(line: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("policy.yaml", "glance-shim.conf"):
        (tmp_path / name).touch()
    (tmp_path / "ours").mkdir()
    words = shlex.split(line.partition(" > ")[0])
    command: click.Command = cli
    context = None
    while words:
        if "/etc/" in words[-1]:
            words[-1] = str(tmp_path / "glance-shim.conf")
        context = command.make_context(words[0], [*words], parent=context)
        if not isinstance(command, click.Group):
            break
        rest = [*context._protected_args, *context.args]
        _, found, words = command.resolve_command(context, rest)
        assert found is not None
        command = found
        if not words:
            command.make_context("", [], parent=context)


def test_commands_are_imported_when_they_are_called_for() -> None:
    script = "import sys, glance_shim.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert "glance_shim.cli" in done.stdout.split()
    assert not {"flask", "oslo_config", "peewee"} & {*done.stdout.split()}


@pytest.mark.parametrize("word, code", [("--version", 0), ("no-such-command", 2), ("db", 2)])
def test_exit_codes_of_the_command_line(shell: Any, word: str, code: int) -> None:
    assert shell(word).returncode == code


def test_what_cannot_be_done_is_said_in_one_line(shell: Any) -> None:
    done = shell("db current")

    assert done.returncode == 1
    assert done.stderr.startswith("glance-shim: [database] connection must be")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_shells_complete_commands(shell: Any, name: str) -> None:
    script = shell(f"completion {name}").stdout
    variables = {"_GLANCE_SHIM_COMPLETE": f"{name}_complete"}
    words = {"COMP_WORDS": "glance-shim qu", "COMP_CWORD": "qu" if name == "fish" else "1"}

    assert "_GLANCE_SHIM_COMPLETE" in script
    assert "quota" in shell("", **variables, **words).stdout


def test_bash_takes_what_is_printed(shell: Any, tmp_path: Path) -> None:
    (tmp_path / "completion").write_text(shell("completion bash").stdout)
    script = "source ./completion && complete -p glance-shim"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True)

    assert "_glance_shim_completion" in done.stdout


def test_the_state_of_the_database_is_printed_for_programs(shell: Any, options: str) -> None:
    shell(f"--config-file {options} db upgrade")
    answer = json.loads(shell(f"--config-file {options} db current --format json").stdout)

    assert answer["applied"][0] == "0001_images"
    assert answer["not_applied"] == answer["newer"] == []
    assert json.loads(shell(f"--config-file {options} check --format json").stdout) == []


def on_a_terminal(*command: str, **variables: str) -> str:
    """What a command prints where it is looked at."""
    reader, writer = os.openpty()
    try:
        subprocess.run(command, stdout=writer, stderr=writer, env={**os.environ, **variables})
        return os.read(reader, 100_000).decode()
    finally:
        os.close(reader)
        os.close(writer)


def test_colours_are_for_terminals_only(shell: Any, options: str) -> None:
    command = [sys.executable, "-m", "glance_shim", "--config-file", options, "doctor"]

    assert "\x1b[" in on_a_terminal(*command)
    assert "\x1b[" not in on_a_terminal(*command, NO_COLOR="1")
    assert "\x1b[" not in shell(f"--config-file {options} doctor").stdout
