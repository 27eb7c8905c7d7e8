"""The catalogue of any service that speaks the Image API v2, over the network."""

from __future__ import annotations

import contextlib
import json
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from glance_shim import errors
from glance_shim.moving import definitions
from glance_shim.moving.login import Login
from glance_shim.moving.records import Differences, Member, Record, from_wire

PATCH = "application/openstack-images-v2.1-json-patch"
PAGE = 100
CHUNK = 1 << 20

# Data is sent in pieces as the stock clients send it: some servers take no larger ones.
PIECE = 1 << 16

VERSION = re.compile(r"/v\d+(\.\d+)?/?$")
MARKUP = re.compile(r"<[^>]*>|\s+")


class Refused(errors.Error):
    """The other service does not do what it was asked."""

    message = "{method} {path} is answered with {status}: {text}"


class Service:
    """As a target it cannot be given times, hashes of its own choice and internal ids."""

    marker = "glance_shim_leaving"
    patience = 30.0
    cannot: Mapping[str, str] = {
        "created_at": "the Image API sets times itself",
        "updated_at": "the Image API sets times itself",
        "os_hash_algo": "the other service chooses its hashing_algorithm",
        "os_hash_value": "the other service chooses its hashing_algorithm",
        "virtual_size": "the other service measures it itself",
        "stores": "data goes to the store of the same name, or else to the default one",
    }

    def __init__(self, login: Login) -> None:
        self._session = login.session
        self.url = VERSION.sub("", self._endpoint(login).rstrip("/"))
        self._stores = self._known_stores()
        self._formats = self._known_formats()

    def _endpoint(self, login: Login) -> str:
        from keystoneauth1 import exceptions

        where = {
            "service_type": "image",
            "interface": login.interface,
            "region_name": login.region,
        }
        try:
            found = login.endpoint or login.session.get_endpoint(**where)
        except exceptions.ClientException as exc:
            raise errors.Unavailable(reason=f"the other cloud lets nobody in: {exc}") from exc
        if not found:
            raise errors.Unavailable(
                reason="the catalog of the other cloud has no image service in this region"
            )
        return str(found)

    def is_admin(self) -> bool:
        """Is the role admin in the token? Where there is no token it is taken to be."""
        auth = self._session.auth
        access = auth.get_access(self._session) if hasattr(auth, "get_access") else None
        return access is None or "admin" in {name.lower() for name in access.role_names}

    def _send(
        self,
        method: str,
        path: str,
        fine: Sequence[int] = (),
        headers: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> Any:
        """An answer of 2xx or one of ``fine``; raises `Refused` or `errors.Unavailable`."""
        from keystoneauth1 import exceptions

        # One that is busy for a moment is asked again, unless what was sent cannot be repeated.
        retries = {"connect_retries": 0} if "data" in kwargs else {"status_code_retries": 3}
        try:
            answer = self._session.request(
                f"{self.url}/v2/{path}",
                method,
                headers={"Accept": "application/json", **(headers or {})},
                raise_exc=False,
                redirect=False,
                log=False,
                **retries,
                **kwargs,
            )
        except (exceptions.ClientException, OSError) as exc:
            raise errors.Unavailable(
                reason=f"{self.url} cannot be asked: {type(exc).__name__}"
            ) from exc
        if not answer.ok and answer.status_code not in fine:
            with contextlib.closing(answer):
                text = _words(answer.text)
            raise Refused(method=method, path=path, status=answer.status_code, text=text)
        return answer

    def _get(self, path: str, **query: Any) -> Any:
        asked = f"?{urllib.parse.urlencode(query)}" if query else ""
        return self._send("GET", path + asked).json()

    def _known_stores(self) -> list[str]:
        answer = self._send("GET", "info/stores", fine=(300, 404))
        found = answer.json() if answer.status_code == 200 else {}
        return [each["id"] for each in found.get("stores", ()) if not each.get("read-only")]

    def _known_formats(self) -> dict[str, list[Any]]:
        properties = self._get("schemas/image").get("properties", {})
        names = ("disk_format", "container_format")
        return {name: (properties.get(name) or {}).get("enum") or [] for name in names}

    def images(self) -> Iterator[Record]:
        """Every image that the login sees, oldest first; hidden ones last."""
        for hidden in ("false", "true"):
            asked = {"visibility": "all", "os_hidden": hidden, "limit": PAGE}
            asked["sort"] = "created_at:asc,id:asc"
            while page := self._get("images", **asked)["images"]:
                yield from (from_wire(each, self.marker) for each in page)
                asked["marker"] = page[-1]["id"]

    def find(self, image_id: str) -> Record | None:
        """The image, if the login sees it."""
        answer = self._send("GET", f"images/{image_id}", fine=(404,))
        return None if answer.status_code == 404 else from_wire(answer.json(), self.marker)

    def members(self, image_id: str) -> list[Member]:
        """The members of a shared image."""
        found = self._get(f"images/{image_id}/members")["members"]
        return [
            Member(each["member_id"], each["status"], each["created_at"], each["updated_at"])
            for each in found
        ]

    @contextlib.contextmanager
    def data(self, image_id: str) -> Iterator[Iterator[bytes]]:
        """The data of an image as it comes, a mebibyte at a time."""
        answer = self._send("GET", f"images/{image_id}/file", stream=True)
        with contextlib.closing(answer):
            yield _chunks(answer)

    def refusals(self, record: Record) -> list[str]:
        """Why the image cannot be made there, as far as can be said before."""
        return [
            f"{name} {record.values[name]} is none of those that the other service takes"
            for name, known in self._formats.items()
            if known and record.values[name] not in (None, *known)
        ]

    def predicted(self, record: Record) -> Differences:
        """What will be different on an image that is brought there."""
        times = ("created_at", "updated_at")
        return {name: (record.facts[name], None) for name in times}

    def create(self, record: Record) -> None:
        """Make the image, marked as unfinished where there is room for a property more."""
        document = {
            **record.properties,
            **record.values,
            "id": record.id,
            "tags": sorted(record.tags),
        }
        marked = {**document, self.marker: "1"}
        if self._send("POST", "images", fine=(413,), json=marked).status_code == 413:
            self._send("POST", "images", json=document)

    def upload(self, record: Record, chunks: Iterable[bytes]) -> None:
        """Send the data; the size is announced, so that no part of it is taken for all."""
        headers = {
            "Content-Type": "application/octet-stream",
            "x-openstack-image-size": str(record.size),
        }
        store = next((each for each in record.stores if each in self._stores), None)
        if store:
            headers["X-Image-Meta-Store"] = store
        path = f"images/{record.id}/file"
        self._send("PUT", path, headers=headers, data=_pieces(chunks))

    def change(self, wanted: Record, found: Record) -> None:
        """Give the image the values, properties and tags that are wanted."""
        operations = [
            {"op": "replace", "path": f"/{name}", "value": value}
            for name, value in wanted.values.items()
            if value != found.values[name]
        ]
        if wanted.tags != found.tags:
            operations.append({"op": "replace", "path": "/tags", "value": sorted(wanted.tags)})
        for name, value in wanted.properties.items():
            if found.properties.get(name) != value:
                operations.append({"op": "add", "path": _pointer(name), "value": value})
        for name in found.properties.keys() - wanted.properties.keys():
            operations.append({"op": "remove", "path": _pointer(name)})
        self._patch(wanted.id, operations)

    def _patch(self, image_id: str, operations: list[dict[str, Any]]) -> None:
        if operations:
            headers = {"Content-Type": PATCH}
            self._send("PATCH", f"images/{image_id}", json=operations, headers=headers)

    def switch(self, image_id: str, status: str) -> None:
        """Make an image with data ``active`` or ``deactivated``."""
        action = "deactivate" if status == "deactivated" else "reactivate"
        self._send("POST", f"images/{image_id}/actions/{action}")

    def add_member(self, image_id: str, member_id: str) -> None:
        self._send("POST", f"images/{image_id}/members", json={"member": member_id})

    def answer(self, image_id: str, member_id: str, status: str) -> None:
        """Have the member's answer be this one."""
        path = f"images/{image_id}/members/{_quoted(member_id)}"
        self._send("PUT", path, json={"status": status})

    def remove_member(self, image_id: str, member_id: str) -> None:
        self._send("DELETE", f"images/{image_id}/members/{_quoted(member_id)}")

    def finish(self, record: Record, members: Iterable[Member]) -> None:
        """Take the mark from an image that is complete."""
        found = self.find(record.id)
        if found is not None and found.unfinished:
            self._patch(record.id, [{"op": "remove", "path": f"/{self.marker}"}])

    def recover(self) -> None:
        """Nothing: the other service notices by itself that an upload has died."""

    def namespaces(self) -> Iterator[dict[str, Any]]:
        """Every namespace of metadata definitions, by name, with what it holds."""
        asked = {"limit": PAGE, "sort_key": "namespace", "sort_dir": "asc"}
        while page := self._get("metadefs/namespaces", **asked)["namespaces"]:
            for each in page:
                path = f"metadefs/namespaces/{_quoted(each['namespace'])}"
                yield definitions.normal(self._get(path))
            asked["marker"] = page[-1]["namespace"]

    def put_namespace(self, document: Mapping[str, Any], replace: bool) -> None:
        """Make the namespace; one that is there goes first if ``replace`` says so."""
        path = f"metadefs/namespaces/{_quoted(document['namespace'])}"
        if replace:
            names = ("namespace", "visibility", "owner")
            kept = {name: document[name] for name in names if name in document}
            self._send("PUT", path, json={**kept, "protected": False})
            self._send("DELETE", path)
        self._send("POST", "metadefs/namespaces", json=document)


def _chunks(answer: Any) -> Iterator[bytes]:
    try:
        yield from answer.iter_content(CHUNK)
    except OSError as exc:
        raise errors.SourceFailed(reason=f"the transfer broke: {type(exc).__name__}") from exc


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), PIECE):
            yield chunk[start : start + PIECE]


def _pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _quoted(name: str) -> str:
    return urllib.parse.quote(name, safe="")


def _words(text: str) -> str:
    """What an answer says, in one line without markup."""
    with contextlib.suppress(ValueError, AttributeError):
        found = json.loads(text)
        text = found.get("message") or found["error"]["message"]
    return MARKUP.sub(" ", text).strip()[:200]
