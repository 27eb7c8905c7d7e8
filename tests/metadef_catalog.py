"""Asking for metadata definitions."""

from __future__ import annotations

from typing import Any

from people import Person

ROOT = "/v2/metadefs/namespaces"


class Catalog:
    """An administrator of project p1, and what is asked of definitions."""

    def __init__(self, admin: Person) -> None:
        self.admin = admin

    def ask(self, request: str, body: Any = None, **headers: str) -> Any:
        """A request such as ``GET N/objects`` as the administrator."""
        return ask(self.admin, request, body, **headers)

    def make(self, namespace: str, **values: Any) -> dict[str, Any]:
        response = self.ask("POST ", {"namespace": namespace, **values})
        assert response.status_code == 201, response.text
        document: dict[str, Any] = response.json
        return document

    def names(self, query: str = "") -> list[str]:
        response = self.admin.get(ROOT + query)
        assert response.status_code == 200, response.text
        return [each["namespace"] for each in response.json["namespaces"]]


def ask(person: Person, request: str, body: Any = None, **headers: str) -> Any:
    """``METHOD path``; the path is below the namespaces unless it begins with a slash."""
    method, _, path = request.partition(" ")
    if not path.startswith("/"):
        path = f"{ROOT}/{path}" if path and not path.startswith("?") else ROOT + path
    sent = {} if body is None else {"json": body}
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return person.request(method, path, headers=names, **sent)
