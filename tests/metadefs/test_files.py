"""Metadata definitions in files: those that come with the program, and loading any."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click.testing
import pytest
from metadef_catalog import ask
from people import Person, Service

from glance_shim import errors
from glance_shim.cli import metadefs as command

FILES = sorted(command.OWN.glob("*.json"))


@pytest.fixture
def run(service: Service) -> Any:
    """Run a command; what it printed comes back."""
    runner = click.testing.CliRunner()

    def command_(*words: Any, **kwargs: Any) -> str:
        texts = [str(word) for word in words]
        found = runner.invoke(command.metadefs, texts, obj=lambda: service.deployment, **kwargs)
        if found.exception and not isinstance(found.exception, SystemExit):
            raise found.exception
        assert found.exit_code == 0, found.output
        return found.output

    return command_


@pytest.fixture
def admin(service: Service) -> Person:
    return service.person("p1", "admin")


def names(person: Person) -> list[str]:
    listed = ask(person, "GET ?limit=100").json["namespaces"]
    return sorted(each["namespace"] for each in listed)


def write(path: Path, **document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


def test_47_our_own_are_loaded_once(run: Any, admin: Person, service: Service) -> None:
    assert run("load").count(": loaded\n") == len(FILES)
    first = ask(admin, "GET ?limit=100").json["namespaces"]
    assert run("load").count(": there already\n") == len(FILES)
    reader = service.person("p2", "reader")

    assert ask(admin, "GET ?limit=100").json["namespaces"] == first
    assert len(names(admin)) == len(FILES) == 32
    assert len(names(reader)) == len(FILES) - 2
    assert ask(reader, "GET OS::OperatingSystem").status_code == 404
    assert ask(admin, "GET OS::OperatingSystem").status_code == 200
    types = ask(reader, "GET /v2/metadefs/resource_types").json["resource_types"]
    assert len(types) == 6
    assert "updated_at" not in first[0]


def test_48_a_flavor_has_a_prefix_of_its_own(run: Any, admin: Person) -> None:
    run("load")
    shown = ask(admin, "GET OS::Compute::CPUPinning?resource_type=OS::Nova::Flavor").json

    assert list(shown["properties"]) == ["hw:cpu_policy", "hw:cpu_thread_policy"]


OLD = {
    "namespace": "N",
    "description": "old",
    "properties": {"p": {"type": "string", "title": "old"}},
    "tags": [{"name": "old"}],
}
NEW = {
    "namespace": "N",
    "description": "new",
    "properties": {
        "p": {"type": "string", "title": "new"},
        "q": {"type": "string", "title": "new"},
    },
    "tags": [{"name": "new"}],
}


@pytest.mark.parametrize(
    "options, description, title, tags",
    [
        ([], "old", "old", ["old"]),
        (["--merge"], "old", "old", ["new", "old"]),
        (["--merge", "--prefer_new"], "new", "new", ["new", "old"]),
        (["--merge", "--overwrite"], "new", "new", ["new"]),
    ],
)
def test_49_what_is_there_is_kept_or_replaced(
    run: Any,
    admin: Person,
    tmp_path: Path,
    options: list[str],
    description: str,
    title: str,
    tags: list[str],
) -> None:
    run("load", "--path", write(tmp_path / "n.json", **OLD))
    run("load", "--path", write(tmp_path / "n.json", **NEW), *options)
    shown = ask(admin, "GET N").json

    assert shown["description"] == description
    assert shown["properties"]["p"]["title"] == title
    assert ("q" in shown["properties"]) == bool(options)
    assert [tag["name"] for tag in shown["tags"]] == tags
    assert shown["owner"] == "admin"


def test_50_nothing_is_left_after_unloading(run: Any, admin: Person) -> None:
    ask(admin, "POST ", {"namespace": "mine"})
    run("load")
    run("unload", "--yes")

    assert names(admin) == []
    assert ask(admin, "GET /v2/metadefs/resource_types").json["resource_types"] == []


def test_what_is_exported_can_be_loaded_again(run: Any, admin: Person, tmp_path: Path) -> None:
    run("load")
    ask(admin, "POST ", {"namespace": "a/b", "display_name": "CPU pinning!"})
    ask(admin, "POST ", {"namespace": "::", "tags": [{"name": "x"}]})
    everything = names(admin)
    shown = [_timeless(ask(admin, f"GET {name}").json) for name in everything]
    printed = run("export", "--path", tmp_path / "out")
    assert len(printed.splitlines()) == len(FILES) + 2
    run("unload", "--yes")
    run("load", "--path", tmp_path / "out")

    assert names(admin) == everything
    assert [_timeless(ask(admin, f"GET {name}").json) for name in everything] == shown


def _timeless(document: Any) -> Any:
    if isinstance(document, dict):
        times = ("created_at", "updated_at")
        return {k: _timeless(v) for k, v in document.items() if k not in times}
    if isinstance(document, list):
        return [_timeless(each) for each in document]
    return document


@pytest.mark.parametrize(
    "options", [["--prefer-new"], ["--overwrite"], ["--merge", "--prefer-new", "--overwrite"]]
)
def test_options_without_a_meaning_are_refused(run: Any, options: list[str]) -> None:
    with pytest.raises(errors.Invalid):
        run("load", *options)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"namespace": ""}',
        '{"name": "x"}',
        "\udcff",
        "[" * 100_000,
        '{"namespace": "x", "description": "\\ud800"}',
        '{"namespace": "x", "namespace": "y"}',
        '{"namespace": "x", "properties": {"p": {"type": "string"}}}',
        '{"namespace": "x", "tags": [{"name": "' + "t" * 81 + '"}]}',
    ],
    ids=range(11),
)
def test_a_broken_file_is_named_and_the_others_are_loaded(
    service: Service, admin: Person, tmp_path: Path, text: str
) -> None:
    (tmp_path / "a.json").write_text(text, "utf-8", "surrogateescape")
    write(tmp_path / "b.json", **OLD)
    result = click.testing.CliRunner().invoke(
        command.metadefs,
        ["load", "--path", str(tmp_path)],
        obj=lambda: service.deployment,
    )

    assert isinstance(result.exception, errors.Invalid)
    assert "a.json: " in result.output
    assert names(admin) == ["N"]


def test_what_cannot_be_written_is_refused(run: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(errors.Invalid, match="cannot be written"):
        run("export", "--path", tmp_path / "file" / "below")
    (tmp_path / "N.json").mkdir()
    run("load", "--path", write(tmp_path / "n.json", **OLD))
    with pytest.raises(errors.Invalid, match="cannot be written"):
        run("export", "--path", tmp_path)


def test_a_missing_path_is_refused(run: Any, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="does not exist"):
        run("load", "--path", tmp_path / "none")
