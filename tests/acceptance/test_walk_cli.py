"""Every command that python-openstackclient has for images, and what it did."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from terminal import Finished, Terminal, until
from walking import DATA, Walk

TEXT = {"type": "string", "title": "T"}
NAMED: dict[str, Any] = {}


@dataclasses.dataclass(frozen=True)
class Row:
    """One command: what is made for it, its words, and what must be true then.

    Words in braces are what was made; ``then`` sees the site, what was made,
    and what the command printed.
    """

    words: str
    made: Callable[[Walk], dict[str, Any]]
    then: Callable[[Walk, dict[str, Any], Finished], Any]
    who: str = "owner"
    data: bytes = b""


def an(kind: str, **values: Any) -> Callable[[Walk], dict[str, Any]]:
    """Make one thing, called ``it``."""
    return lambda walk: {"it": getattr(walk, kind)(**values)}


def named(walk: Walk, made: dict[str, Any]) -> dict[str, Any]:
    """The one image of the name that was made up."""
    (found,) = walk.get(f"/v2/images?name={made['it']}", who="owner")["images"]
    return dict(found)


def printed(finished: Finished) -> Any:
    return json.loads(finished.out)


def namespace(**values: Any) -> Callable[[Walk], dict[str, Any]]:
    return an("namespace", **values)


OBJECT = {"objects": [{"name": "o", "properties": {"x": TEXT}}]}
TAGS = {"tags": [{"name": "a"}, {"name": "b"}]}
ASSOCIATED = {"resource_type_associations": [{"name": "T"}]}

ROWS = [
    Row(
        "image create {it} --file {file} --disk-format raw --property os_distro=debian --tag t",
        lambda walk: {"it": walk.name(), "file": _file(walk)},
        lambda walk, made, _: (
            walk.data(named(walk, made)["id"]) == DATA
            and named(walk, made)["os_distro"] == "debian"
            and named(walk, made)["tags"] == ["t"]
        ),
    ),
    Row(
        "image create {it} --file {file} --disk-format raw --import",
        lambda walk: {"it": walk.name(), "file": _file(walk)},
        lambda walk, made, _: (
            walk.becomes(named(walk, made)["id"], status="active")
            and walk.data(named(walk, made)["id"]) == DATA
            and len(walk.get(f"/v2/images/{named(walk, made)['id']}/tasks")["tasks"]) == 1
        ),
    ),
    Row(
        "image delete {it}",
        an("active"),
        lambda walk, made, _: not walk.has(f"/v2/images/{made['it']}"),
    ),
    Row(
        "image delete --store cheap {it}",
        lambda walk: {"it": _in_both(walk)},
        lambda walk, made, _: walk.show(made["it"])["stores"] == "fast",
        who="admin",
    ),
    Row(
        "image list --tag {tag} -f json",
        lambda walk: {"tag": walk.name()} | NAMED,
        lambda walk, made, finished: (
            printed(finished) == walk.get(f"/v2/images?tag={made['tag']}")["images"] == []
        ),
    ),
    Row(
        "image list --long --name {name} -f json",
        lambda walk: (lambda it: {"it": it, "name": walk.show(it)["name"]})(walk.active()),
        lambda walk, made, finished: (
            [row["ID"] for row in printed(finished)] == [made["it"]]
            and printed(finished)[0]["Checksum"] == walk.show(made["it"])["checksum"]
        ),
    ),
    Row(
        "image show {it} -f json",
        an("active", os_version="12"),
        lambda walk, made, finished: (
            printed(finished)["id"] == made["it"]
            and printed(finished)["properties"]["os_version"] == "12"
        ),
    ),
    Row(
        "image set {it} --name changed --min-disk 3 --property a=b --tag t --hidden",
        an("active"),
        lambda walk, made, _: (
            {
                "name": "changed",
                "min_disk": 3,
                "a": "b",
                "tags": ["t"],
                "os_hidden": True,
            }.items()
            <= walk.show(made["it"]).items()
        ),
    ),
    Row(
        "image set {it} --deactivate",
        an("active"),
        lambda walk, made, _: walk.show(made["it"])["status"] == "deactivated",
    ),
    Row(
        "image set {it} --accept",
        an("shared"),
        lambda walk, made, _: walk.members(made["it"]) == {walk.projects["other"]: "accepted"},
        who="other",
    ),
    Row(
        "image unset {it} --tag t --property a",
        an("active", tags=["t", "u"], a="b", c="d"),
        lambda walk, made, _: (
            walk.show(made["it"])["tags"] == ["u"]
            and "a" not in walk.show(made["it"])
            and walk.show(made["it"])["c"] == "d"
        ),
    ),
    Row(
        "image save {it} --file {target}",
        lambda walk: {"it": walk.active(), "target": walk.directory / walk.name()},
        lambda walk, made, _: Path(made["target"]).read_bytes() == DATA,
    ),
    Row(
        "image stage {it} --file {file}",
        lambda walk: {"it": walk.image(), "file": _file(walk)},
        lambda walk, made, _: (
            {"status": "uploading", "size": len(DATA)}.items() <= walk.show(made["it"]).items()
        ),
    ),
    Row(
        "image import {it} --wait",
        an("staged"),
        lambda walk, made, _: (
            walk.becomes(made["it"], status="active") and walk.data(made["it"]) == DATA
        ),
    ),
    Row(
        "image import {it} --method web-download --uri {url} --all-stores --wait",
        lambda walk: {"it": walk.image(), "url": walk.url},
        lambda walk, made, _: (
            walk.becomes(made["it"], status="active", stores="fast,cheap")
            and walk.data(made["it"]) == DATA
        ),
    ),
    Row(
        "image import {it} --method copy-image --store cheap",
        an("active"),
        lambda walk, made, _: walk.becomes(made["it"], stores="fast,cheap"),
        who="admin",
    ),
    Row(
        "image import info -f json",
        lambda walk: NAMED,
        lambda walk, made, finished: (
            printed(finished)["import-methods"]
            == walk.get("/v2/info/import")["import-methods"]["value"]
        ),
    ),
    Row(
        "image stores list --detail -f json",
        lambda walk: NAMED,
        lambda walk, made, finished: (
            [row["ID"] for row in printed(finished)]
            == [store["id"] for store in walk.get("/v2/info/stores")["stores"]]
            == ["fast", "cheap", "web"]
        ),
        who="admin",
    ),
    Row(
        "image task list --status success -f json",
        an("task"),
        lambda walk, made, finished: made["it"] in [row["ID"] for row in printed(finished)],
        who="admin",
    ),
    Row(
        "image task show {it} -f json",
        an("task"),
        lambda walk, made, finished: (
            (printed(finished)["status"], printed(finished)["id"]) == ("success", made["it"])
        ),
        who="admin",
    ),
    Row(
        "image add project {it} {project}",
        lambda walk: {"it": walk.active(), "project": walk.projects["other"]},
        lambda walk, made, _: walk.members(made["it"]) == {made["project"]: "pending"},
    ),
    Row(
        "image add project {it} other",
        an("active"),
        lambda walk, made, _: walk.members(made["it"]) == {walk.projects["other"]: "pending"},
        who="admin",
    ),
    Row(
        "image remove project {it} {project}",
        lambda walk: {"it": walk.shared(), "project": walk.projects["other"]},
        lambda walk, made, _: walk.members(made["it"]) == {},
    ),
    Row(
        "image member list {it} -f json",
        an("shared"),
        lambda walk, made, finished: (
            {row["Member ID"]: row["Status"] for row in printed(finished)}
            == walk.members(made["it"])
            == {walk.projects["other"]: "pending"}
        ),
    ),
    Row(
        "image member get {it} {project} -f json",
        lambda walk: {"it": walk.shared(), "project": walk.projects["other"]},
        lambda walk, made, finished: printed(finished)["status"] == "pending",
    ),
    Row(
        "cached image queue {it}",
        an("active"),
        lambda walk, made, _: until(lambda: made["it"] in walk.cached(), "it is cached"),
        who="admin",
    ),
    Row(
        "cached image list -f json",
        an("in_cache"),
        lambda walk, made, finished: (
            {row["ID"] for row in printed(finished)} == walk.cached()
            and made["it"] in walk.cached()
        ),
        who="admin",
    ),
    Row(
        "cached image delete {it}",
        an("in_cache"),
        lambda walk, made, _: made["it"] not in walk.cached(),
        who="admin",
    ),
    Row(
        "cached image clear --cache",
        an("in_cache"),
        lambda walk, made, _: walk.settled() and walk.cached() == set(),
        who="admin",
    ),
    Row(
        "image metadef namespace create OS::Made::{it} --display-name D --public --protected",
        lambda walk: {"it": walk.name()},
        lambda walk, made, _: (
            {"display_name": "D", "visibility": "public", "protected": True}.items()
            <= walk.in_namespace(f"OS::Made::{made['it']}").items()
        ),
        who="admin",
    ),
    Row(
        "image metadef namespace list --resource-types {type} -f json",
        lambda walk: (
            lambda name: {
                "type": name,
                "it": walk.namespace(resource_type_associations=[{"name": name}]),
            }
        )(walk.name()),
        lambda walk, made, finished: (
            [row["namespace"] for row in printed(finished)] == [made["it"]]
        ),
        who="admin",
    ),
    Row(
        "image metadef namespace show {it} -f json",
        namespace(description="words"),
        lambda walk, made, finished: (
            (printed(finished)["namespace"], printed(finished)["description"])
            == (made["it"], "words")
        ),
        who="admin",
    ),
    Row(
        "image metadef namespace set {it} --description new --public --tag t",
        namespace(),
        lambda walk, made, _: (
            {"description": "new", "visibility": "public", "tags": [{"name": "t"}]}.items()
            <= walk.in_namespace(made["it"]).items()
        ),
        who="admin",
    ),
    Row(
        "image metadef namespace unset {it} --tag a",
        namespace(**TAGS),
        lambda walk, made, _: (
            walk.in_namespace(made["it"], "/tags") == {"tags": [{"name": "b"}]}
        ),
        who="admin",
    ),
    Row(
        "image metadef namespace unset {it} --all-tags",
        namespace(**TAGS),
        lambda walk, made, _: walk.in_namespace(made["it"], "/tags") == {"tags": []},
        who="admin",
    ),
    Row(
        "image metadef namespace delete {it}",
        namespace(),
        lambda walk, made, _: not walk.has(f"/v2/metadefs/namespaces/{made['it']}"),
        who="admin",
    ),
    Row(
        "image metadef object create --namespace {it} o",
        namespace(),
        lambda walk, made, _: walk.in_namespace(made["it"], "/objects/o")["name"] == "o",
        who="admin",
    ),
    Row(
        "image metadef object list {it} -f json",
        namespace(**OBJECT),
        lambda walk, made, finished: [row["name"] for row in printed(finished)] == ["o"],
        who="admin",
    ),
    Row(
        "image metadef object show {it} o -f json",
        namespace(**OBJECT),
        lambda walk, made, finished: printed(finished)["name"] == "o",
        who="admin",
    ),
    Row(
        "image metadef object property show {it} o x -f json",
        namespace(**OBJECT),
        lambda walk, made, finished: printed(finished)["title"] == "T",
        who="admin",
    ),
    Row(
        "image metadef object update {it} o --name new",
        namespace(**OBJECT),
        lambda walk, made, _: (
            walk.has(f"/v2/metadefs/namespaces/{made['it']}/objects/new")
            and not walk.has(f"/v2/metadefs/namespaces/{made['it']}/objects/o")
        ),
        who="admin",
    ),
    Row(
        "image metadef object delete {it} o",
        namespace(**OBJECT),
        lambda walk, made, _: walk.in_namespace(made["it"], "/objects")["objects"] == [],
        who="admin",
    ),
    Row(
        "image metadef property create --name p --title P --type string "
        '--schema {{"enum":["a"]}} {it}',
        namespace(),
        lambda walk, made, _: (
            {"title": "P", "type": "string", "enum": ["a"]}.items()
            <= walk.in_namespace(made["it"], "/properties/p").items()
        ),
        who="admin",
    ),
    Row(
        "image metadef property list {it} -f json",
        namespace(properties={"p": TEXT}),
        lambda walk, made, finished: [row["name"] for row in printed(finished)] == ["p"],
        who="admin",
    ),
    Row(
        "image metadef property show {it} p -f json",
        namespace(properties={"p": TEXT}),
        lambda walk, made, finished: printed(finished)["title"] == "T",
        who="admin",
    ),
    Row(
        "image metadef property set --title new {it} p",
        namespace(properties={"p": TEXT}),
        lambda walk, made, _: walk.in_namespace(made["it"], "/properties/p")["title"] == "new",
        who="admin",
    ),
    Row(
        "image metadef property delete {it} p",
        namespace(properties={"p": TEXT, "q": TEXT}),
        lambda walk, made, _: list(walk.in_namespace(made["it"])["properties"]) == ["q"],
        who="admin",
    ),
    Row(
        "image metadef resource type list -f json",
        namespace(**ASSOCIATED),
        lambda walk, made, finished: (
            sorted(row["Name"] for row in printed(finished))
            == sorted(
                t["name"] for t in walk.get("/v2/metadefs/resource_types")["resource_types"]
            )
        ),
        who="admin",
    ),
    Row(
        "image metadef resource type association create --properties-target image {it} T",
        namespace(),
        lambda walk, made, _: (
            walk.in_namespace(made["it"])["resource_type_associations"][0]["properties_target"]
            == "image"
        ),
        who="admin",
    ),
    Row(
        "image metadef resource type association list {it} -f json",
        namespace(**ASSOCIATED),
        lambda walk, made, finished: [row["Name"] for row in printed(finished)] == ["T"],
        who="admin",
    ),
    Row(
        "image metadef resource type association delete --force {it} T",
        namespace(protected=True, **ASSOCIATED),
        lambda walk, made, _: (
            "resource_type_associations" not in walk.in_namespace(made["it"])
            and walk.in_namespace(made["it"])["protected"] is True
        ),
        who="admin",
    ),
]


def _file(walk: Walk) -> Path:
    file = walk.directory / walk.name()
    file.write_bytes(DATA)
    return file


def _in_both(walk: Walk) -> str:
    image_id = walk.active()
    body = {"method": {"name": "copy-image"}, "stores": ["cheap"]}
    walk.ask("POST", f"/v2/images/{image_id}/import", body)
    walk.becomes(image_id, stores="fast,cheap")
    return image_id


def _words(row: Row, made: dict[str, Any]) -> list[str]:
    return [word.format(**made) for word in row.words.split()]


@pytest.mark.xdist_group("walk")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.words.split(" {")[0])
def test_a_command_does_what_it_says(walk: Walk, row: Row) -> None:
    made = row.made(walk)
    finished = walk.openstack(row.who, _words(row, made), row.data)

    assert row.then(walk, made, finished), finished


def test_every_command_has_a_row(commands: Path, terminal: Terminal) -> None:
    script = (
        "import importlib.metadata as m; "
        "print('\\n'.join(e.name for e in m.entry_points(group='openstack.image.v2')))"
    )
    listed = subprocess.run(
        [commands / "python", "-c", script], capture_output=True, text=True, check=True
    )
    known = {name.replace("_", " ") for name in listed.stdout.split()}

    assert len(known) == 42
    walked = {name for name in known for row in ROWS if f"{row.words} ".startswith(f"{name} ")}
    assert known - walked == set()
