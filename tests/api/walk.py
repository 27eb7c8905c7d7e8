"""Every operation of the OpenAPI document, called once and more, in an order that works.

    python tests/api/walk.py

writes the answers down as the examples of the document.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from people import OCTETS, V21, Person, Service

from glance_shim.api import openapi
from glance_shim.core.identity import roles, system_context, users
from glance_shim.db import connection

OPTIONS: dict[str, Any] = {
    "enabled_backends": {"fast": "file", "cheap": "file", "web": "http"},
    "show_multiple_locations": True,
    "import_filtering_opts": {"allowed_networks": ["203.0.113.0/24"]},
}
PLAIN = ("enabled_backends", "show_multiple_locations")
CENTRALIZED = "centralized_db"
PASSWORD = "a password"
NEVER_SHOWN = {"secret": "shown once, when it is made"}


class Call(NamedTuple):
    """A request and what it was answered with; bodies are ``None`` where they are no JSON."""

    method: str
    path: str
    request: Any
    status: str
    media: str
    body: Any


class Walker:
    """Calls, and keeps what was called under the path of the document."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.calls: list[Call] = []

    def __call__(self, person: Person, method: str, path: str, **kwargs: Any) -> Any:
        response = person.request(method, path, **kwargs)
        adapter = self.service.app.url_map.bind("localhost")
        rule, _ = adapter.match(path.partition("?")[0], method, return_rule=True)
        request = kwargs.get("json")
        if kwargs.get("content_type") == V21:
            request = json.loads(kwargs["data"])
        media = response.mimetype if response.status_code != 204 else ""
        body = response.json if media == "application/json" and response.data else None
        path = re.sub(r"<(?:[^:>]*:)?([^>]+)>", r"{\1}", rule.rule)
        self.calls.append(Call(method, path, request, str(response.status_code), media, body))
        return response


def walk(service: Service) -> list[Call]:
    """All calls, made by people with the rights that they need."""
    call = Walker(service)
    people = [service.person(*who) for who in WHO]
    for part in (_images, _data, _members, _info, _tasks, _cache, _metadefs, _versions):
        part(call, *people)
    _identity(call, people[0])
    return call.calls


WHO = (
    ("platform", "member"),
    ("app-team", "member"),
    ("admin", "admin"),
    ("platform", "service", "member"),
)
NEW = {"name": "golden", "disk_format": "raw", "container_format": "bare"}


def _images(call: Walker, alice: Person, bob: Person, admin: Person, service: Person) -> None:
    created = call(
        alice, "POST", "/v2/images", json={**NEW, "os_distro": "debian", "tags": ["lts"]}
    )
    path = f"/v2/images/{created.json['id']}"
    call(alice, "POST", "/v2/images", json={"name": 5})
    call(alice, "GET", "/v2/images?limit=1")
    call(alice, "GET", path)
    call(alice, "GET", "/v2/images/unknown")
    changes = [
        {"op": "replace", "path": "/name", "value": "golden 2"},
        {"op": "add", "path": "/os_version", "value": "12"},
    ]
    call(alice, "PATCH", path, data=json.dumps(changes), content_type=V21)
    call(alice, "PUT", f"{path}/tags/stable")
    call(alice, "DELETE", f"{path}/tags/lts")
    call(alice, "GET", f"{path}/activity")
    call(service, "GET", f"{path}/locations")
    url = {"url": "https://203.0.113.7/golden.raw"}
    call(service, "POST", f"{path}/locations", json=url)
    call(alice, "DELETE", path)
    call(Person(call.service.app, None, None), "GET", "/v2/images")


def _data(call: Walker, alice: Person, bob: Person, admin: Person, service: Person) -> None:
    path = f"/v2/images/{alice.create()['id']}"
    call(alice, "GET", f"{path}/file")
    call(alice, "PUT", f"{path}/file", data=b"0123456789", content_type=OCTETS)
    call(alice, "GET", f"{path}/file")
    call(alice, "GET", f"{path}/file", headers={"Range": "bytes=2-4"})
    call(admin, "POST", f"{path}/actions/deactivate")
    call(admin, "POST", f"{path}/actions/reactivate")
    staged = f"/v2/images/{alice.create()['id']}"
    call(alice, "PUT", f"{staged}/stage", data=b"0123456789", content_type=OCTETS)
    method = {"name": "glance-direct"}
    call(alice, "POST", f"{staged}/import", json={"method": method, "all_stores": True})
    call.service.work()
    call(alice, "GET", f"{staged}/tasks")
    call(service, "GET", f"{staged}/locations")
    call(admin, "DELETE", f"/v2/stores/cheap/{staged.rpartition('/')[2]}")


def _members(call: Walker, alice: Person, bob: Person, admin: Person, service: Person) -> None:
    path = f"/v2/images/{alice.create()['id']}/members"
    call(alice, "POST", path, json={"member": bob.project_id})
    call(alice, "GET", path)
    call(bob, "PUT", f"{path}/{bob.project_id}", json={"status": "accepted"})
    call(alice, "GET", f"{path}/{bob.project_id}")
    call(alice, "DELETE", f"{path}/{bob.project_id}")


def _info(call: Walker, alice: Person, bob: Person, admin: Person, service: Person) -> None:
    for name in ("image", "images", "member", "members", "task", "tasks"):
        call(alice, "GET", f"/v2/schemas/{name}")
    call(alice, "GET", "/v2/info/stores")
    call(admin, "GET", "/v2/info/stores/detail")
    call(alice, "GET", "/v2/info/import")
    call(alice, "GET", "/v2/info/usage")


def _tasks(call: Walker, alice: Person, bob: Person, admin: Person, service: Person) -> None:
    asked = {
        "type": "import",
        "input": {
            "import_from": "https://203.0.113.7/golden.raw",
            "import_from_format": "raw",
            "image_properties": {
                "name": "golden",
                "disk_format": "raw",
                "container_format": "bare",
            },
        },
    }
    created = call(admin, "POST", "/v2/tasks", json=asked)
    call(admin, "GET", "/v2/tasks")
    call(admin, "GET", f"/v2/tasks/{created.json['id']}")
    call(admin, "DELETE", f"/v2/tasks/{created.json['id']}")


def _cache(call: Walker, alice: Person, bob: Person, admin: Person, service: Person) -> None:
    path = f"/v2/cache/{alice.active()['id']}"
    call(admin, "PUT", path)
    call(admin, "GET", "/v2/cache")
    call(admin, "GET", path.replace("cache", "cache/nodes"))
    call(admin, "DELETE", path)
    call(admin, "POST", "/v2/cache/clean")
    call(admin, "POST", "/v2/cache/prune")
    call(admin, "DELETE", "/v2/cache")


def _metadefs(call: Walker, alice: Person, bob: Person, admin: Person, service: Person) -> None:
    call(alice, "GET", "/v2/schemas/metadefs/namespace")
    root = "/v2/metadefs/namespaces"
    named = {"namespace": "OS::Example", "display_name": "Example", "visibility": "public"}
    number = {"name": "cores", "title": "Cores", "type": "integer", "minimum": 1}
    path = f"{root}/OS::Example"
    call(admin, "POST", root, json=named)
    call(admin, "PUT", path, json={**named, "description": "What an example needs"})
    parts = {
        "objects": {"name": "cpu", "description": "A processor", "properties": {}},
        "properties": number,
    }
    for kind, part in parts.items():
        call(admin, "POST", f"{path}/{kind}", json=part)
        call(admin, "PUT", f"{path}/{kind}/{part['name']}", json=part)
        call(alice, "GET", f"{path}/{kind}")
        call(alice, "GET", f"{path}/{kind}/{part['name']}")
    call(admin, "POST", f"{path}/tags", json={"tags": [{"name": "old"}, {"name": "new"}]})
    call(admin, "POST", f"{path}/tags/more")
    call(admin, "PUT", f"{path}/tags/more", json={"name": "most"})
    call(alice, "GET", f"{path}/tags")
    call(alice, "GET", f"{path}/tags/most")
    association = {"name": "OS::Glance::Image", "prefix": "hw_"}
    call(admin, "POST", f"{path}/resource_types", json=association)
    call(alice, "GET", f"{path}/resource_types")
    call(alice, "GET", "/v2/metadefs/resource_types")
    call(alice, "GET", root)
    call(alice, "GET", path)
    call(admin, "DELETE", f"{path}/resource_types/OS::Glance::Image")
    for kind, name in (("objects", "cpu"), ("properties", "cores"), ("tags", "most")):
        call(admin, "DELETE", f"{path}/{kind}/{name}")
        call(admin, "DELETE", f"{path}/{kind}")
    call(admin, "DELETE", path)


def _versions(call: Walker, alice: Person, bob: Person, admin: Person, service: Person) -> None:
    nobody = Person(call.service.app, None, None)
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        for path in ("/", "/versions"):
            call(nobody, method, path)
        for path in ("/healthcheck", "/healthcheck/", "/healthcheck/here"):
            call(nobody, method, path, headers={"Accept": "application/json"})
    for path in ("/identity", "/identity/", "/identity/v3", "/identity/v3/"):
        call(nobody, "GET", path)


def _identity(call: Walker, alice: Person) -> None:
    user, project = _user(call.service)
    named = {"name": user.name, "domain": {"id": "default"}, "password": PASSWORD}
    identity = {"methods": ["password"], "password": {"user": named}}
    scope = {"project": {"id": project}}
    v3 = "/identity/v3"
    asked = {"auth": {"identity": identity, "scope": scope}}
    tokens = f"{v3}/auth/tokens"
    made = call(alice, "POST", tokens, json=asked)
    ana = Person(call.service.app, made.headers["X-Subject-Token"], project)
    subject = {"X-Subject-Token": ana.token}
    call(ana, "GET", tokens, headers=subject)
    call(ana, "HEAD", tokens, headers=subject)
    for path in ("auth/projects", "auth/catalog", "users", f"users/{user.id}"):
        call(ana, "GET", f"{v3}/{path}")
    for path in ("projects", f"projects/{project}", "domains", "domains/default", "roles"):
        call(ana, "GET", f"{v3}/{path}")
    role = call(ana, "GET", f"{v3}/roles").json["roles"][0]["id"]
    call(ana, "GET", f"{v3}/roles/{role}")
    call(ana, "GET", f"{v3}/role_assignments")
    call(ana, "GET", f"{v3}/users/{user.id}/projects")
    own = f"{v3}/users/{user.id}/application_credentials"
    credential = {"name": "pipeline", "roles": [{"name": "member"}]}
    created = call(ana, "POST", own, json={"application_credential": credential})
    call(ana, "GET", own)
    made_one = f"{own}/{created.json['application_credential']['id']}"
    call(ana, "GET", made_one)
    call(ana, "DELETE", made_one)
    for root in ("/tenants", "/v2/tenants"):
        call(ana, "GET", root)
        call(ana, "GET", f"{root}/{project}")
    change = {"user": {"original_password": PASSWORD, "password": "another password"}}
    call(ana, "DELETE", tokens, headers=subject)
    again = call(alice, "POST", tokens, json=asked).headers["X-Subject-Token"]
    ana = Person(call.service.app, again, project)
    call(ana, "POST", f"{v3}/users/{user.id}/password", json=change)


def _user(service: Service) -> Any:
    """A user with a password, who is an administrator."""
    context, project = system_context(service.deployment), service.project("admin")
    with connection.connected(service.deployment.database):
        user = users.create(context, "ana", PASSWORD, default_project_id=project)
        roles.grant(context, user.id, "admin", ("project", project))
    return user, project


def examples(calls: list[Call]) -> dict[str, Any]:
    """The first success of each operation, as the document keeps it."""
    found: dict[str, Any] = {}
    for call in calls:
        kept = found.setdefault(f"{call.method} {call.path}", {"responses": {}})
        if call.status[0] in "23" and call.request is not None:
            kept.setdefault("request", call.request)
        if call.body is not None and call.method != "HEAD":
            kept["responses"].setdefault(call.status, _public(call.body))
    return {name: kept for name, kept in found.items() if kept != {"responses": {}}}


def _public(body: Any) -> Any:
    if isinstance(body, dict):
        return {name: NEVER_SHOWN.get(name) or _public(each) for name, each in body.items()}
    return [_public(each) for each in body[:3]] if isinstance(body, list) else body


def unlike(calls: list[Call], document: dict[str, Any]) -> Iterator[str]:
    """What was called and is not in the document."""
    for call in calls:
        operation = document["paths"].get(call.path, {}).get(call.method.lower())
        if operation is None:
            yield f"{call.method} {call.path}"
        elif call.status not in operation["responses"]:
            yield f"{call.method} {call.path}: {call.status}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        cache = {"image_cache_dir": f"{directory}/cache", "image_cache_driver": CENTRALIZED}
        sections = {name: value for name, value in OPTIONS.items() if name not in PLAIN}
        sections["DEFAULT"] = {name: OPTIONS[name] for name in PLAIN} | cache
        service = Service(Path(directory), sections)
        text = json.dumps(examples(walk(service)), indent=1, ensure_ascii=False)
        openapi.EXAMPLES.write_text(f"{text}\n", "utf-8")
        service.close()
