"""``glance-shim metadefs``: metadata definitions from files, and to files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import marshmallow as ma

import glance_shim
from glance_shim import errors
from glance_shim.api import body, smorest
from glance_shim.api.schemas.metadefs import NamespaceSchema
from glance_shim.cli.common import at_the_machine
from glance_shim.context import Context
from glance_shim.core.metadefs import documents

OWN = Path(glance_shim.__file__).parent / "metadefs"

# Where the words of a display name become those of a file name.
NOT_A_WORD = re.compile(r"[\W_]+")


@click.group()
def metadefs() -> None:
    """Load metadata definitions from files, unload and export them."""


@metadefs.command()
@click.option(
    "--path",
    type=click.Path(exists=True, path_type=Path),
    help="A file, or a directory with *.json; default: metadata_source_path, or else what "
    "comes with this program.",
)
@click.option("--merge", is_flag=True, help="Add to namespaces that are there what they lack.")
@click.option(
    "--prefer-new", "--prefer_new", is_flag=True, help="With --merge: replace what differs."
)
@click.option("--overwrite", is_flag=True, help="With --merge: replace whole namespaces.")
@at_the_machine
def load(
    context: Context, path: Path | None, merge: bool, prefer_new: bool, overwrite: bool
) -> None:
    """Load namespaces; those that are there stay as they are without --merge.

    A file that is no namespace is named and passed over; the exit code is 1 then.
    """
    mode = documents.require_mode(merge, prefer_new, overwrite)
    source = path or Path(context.config.metadata_source_path or OWN)
    if not source.exists():
        raise errors.ConfigurationError(reason=f"metadata_source_path {source} does not exist")
    files = sorted(source.glob("*.json")) if source.is_dir() else [source]
    broken = False
    for file in files:
        try:
            done = documents.load(context, read(file), mode)
        except errors.Error as exc:
            click.echo(f"{file.name}: {exc}", err=True)
            broken = True
        else:
            click.echo(f"{file.name}: {'loaded' if done else 'there already'}")
    if broken or not files:
        raise errors.Invalid(reason=f"not everything in {source} could be loaded")


def read(file: Path) -> dict[str, Any]:
    """The namespace in a file; raises `errors.Error` if it is none."""
    try:
        found: dict[str, Any] = NamespaceSchema().load(body.parse_json(file.read_bytes()))
    except ma.ValidationError as exc:
        raise errors.SchemaBreach(
            schema="namespace", reason=smorest.explain(exc.normalized_messages())
        ) from exc
    except OSError as exc:
        raise errors.Invalid(reason=f"It cannot be read: {exc.strerror}") from exc
    return found


@metadefs.command()
@click.confirmation_option(prompt="Remove all namespaces, also those made by people?")
@at_the_machine
def unload(context: Context) -> None:
    """Remove every namespace and resource type, whoever made them."""
    click.echo(f"{documents.unload()} namespaces removed")


@metadefs.command()
@click.option(
    "--path",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Directory to write to; default: the current one.",
)
@at_the_machine
def export(context: Context, path: Path) -> None:
    """Write each namespace to a file of its own."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        for file, document in _named(path, documents.export_all()):
            text = json.dumps(document, indent=4, ensure_ascii=False)
            file.write_text(f"{text}\n", "utf-8")
            click.echo(str(file))
    except OSError as exc:
        raise errors.Invalid(
            reason=f"{exc.filename} cannot be written: {exc.strerror}"
        ) from exc


def _named(path: Path, found: list[dict[str, Any]]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each document with its file, named for people and never for two."""
    taken: set[str] = set()
    for document in found:
        words = document.get("display_name") or document["namespace"]
        name = NOT_A_WORD.sub("", words) or NOT_A_WORD.sub("", document["namespace"])
        if name.casefold() in taken or not name:
            name = f"{name}{len(taken)}"
        taken.add(name.casefold())
        yield path / f"{name}.json", document
