"""A service with several stores, whose projects can be limited."""

from __future__ import annotations

from typing import Any

import pytest
from people import Person, Service

MIB = 1 << 20


@pytest.fixture
def service(make_service: Any, reaching: dict[str, Any]) -> Service:
    """Two stores for files, one for the web, and a way to the source."""
    return make_service(
        enabled_backends={"fast": "file", "cheap": "file", "web": "http"},
        import_filtering_opts=reaching,
    )


@pytest.fixture
def boss(service: Service) -> Person:
    """An administrator of another project than the one that owns the images."""
    return service.person("admin", "admin")


@pytest.fixture
def used() -> Any:
    """``used(alice)``: what her project uses, by the name of the limit."""

    def usage(person: Person) -> dict[str, int]:
        shown = person.get("/v2/info/usage").json["usage"]
        return {name: each["usage"] for name, each in shown.items()}

    return usage


@pytest.fixture
def task_message(boss: Person) -> Any:
    """``task_message(image_id)``: what the last task on an image ended with."""

    def message(image_id: str) -> str:
        (task, *_) = boss.get(f"/v2/images/{image_id}/tasks").json["tasks"]
        assert task["status"] == "failure"
        return str(task["message"])

    return message
