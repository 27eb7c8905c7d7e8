"""Damage to do, and the command that finds it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click.testing
import pytest
from people import Person, Service

from glance_shim.cli import cli as commands
from glance_shim.core import marks

DATA = bytes(range(256)) * 40


@pytest.fixture
def service(make_service: Any) -> Service:
    """A service with two stores of files, marked as a server marks them when it starts.

    One that lost its only data before would be taken for a disk that is not mounted.
    """
    made: Service = make_service(enabled_backends={"fast": "file", "cheap": "file"})
    marks.claim_at_start(made.deployment)
    return made


@pytest.fixture
def golden(alice: Person) -> str:
    """The id of an image of `DATA` in the store fast."""
    return str(alice.active(DATA, name="golden")["id"])


@pytest.fixture
def copied(service: Service, alice: Person, admin: Person, golden: str) -> str:
    """The same image, which the store cheap has as well."""
    assert admin.import_(golden, "copy-image", stores=["cheap"]).status_code == 202
    service.work()
    assert alice.show(golden)["stores"] == "fast,cheap"
    return golden


@pytest.fixture
def file_of(service: Service) -> Any:
    """``file_of(image_id, store_id)``: where the data of an image is."""

    def find(image_id: str, store_id: str = "fast") -> Path:
        root = service.deployment.stores[store_id].properties()["data_dir"]
        (path,) = Path(root).glob(f"{image_id}-*")
        return path

    return find


@pytest.fixture
def run(service: Service) -> Any:
    """``run("verify", "--deep")``: exit code, and what the command printed as JSON."""

    def command(name: str, *words: str) -> tuple[int, Any]:
        result = click.testing.CliRunner().invoke(
            commands.commands[name],
            [*words, "--format", "json"],
            obj=lambda: service.deployment,
        )
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, json.loads(result.stdout)

    return command
