"""The catalogue of this deployment, through the functions that serve everybody else."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import marshmallow as ma

from glance_shim import errors
from glance_shim.api import smorest
from glance_shim.api.schemas.common import complaint_about
from glance_shim.api.schemas.metadefs import NamespaceSchema
from glance_shim.context import Context
from glance_shim.core import adoption, image_data, images, members, quotas, recovery
from glance_shim.core.changes import Change
from glance_shim.core.metadefs import documents, namespaces
from glance_shim.db import connection
from glance_shim.db.images import ImageRow
from glance_shim.moving import definitions
from glance_shim.moving.records import (
    FACTS,
    INTERNAL,
    VALUES,
    Differences,
    Member,
    Record,
)

LONGEST_NAME = 255


class Own:
    """What ``context``, an administrator's, may do; each thread needs a connection."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.config = context.config
        self.patience = float(self.config.upload_lease_seconds + 10)
        algorithm = self.config.hashing_algorithm
        self.cannot: Mapping[str, str] = {
            "os_hash_algo": f"hashing_algorithm is {algorithm} here",
            "os_hash_value": f"hashing_algorithm is {algorithm} here",
            "virtual_size": "it is measured here by itself",
            "stores": "data goes to the store of the same name, or else to the default one",
        }

    def images(self) -> Iterator[Record]:
        """Every image, oldest first; hidden ones last."""
        for hidden in (False, True):
            marker = None
            while page := adoption.get_all(self.context, hidden, marker):
                yield from map(self._record, page)
                marker = page[-1].id

    def _record(self, image: ImageRow) -> Record:
        stores = self.context.deployment.stores
        places = [each.store_id for each in stores.in_order(image.locations)]
        return Record(
            id=image.id,
            values={name: getattr(image, name) for name in VALUES},
            facts={name: getattr(image, name) for name in FACTS},
            properties={
                name: value or ""
                for name, value in image.properties.items()
                if not name.startswith(INTERNAL)
            },
            tags=frozenset(image.tags),
            stores=tuple(places) if stores.multi else (),
            unfinished=adoption.ADOPTING in image.properties,
        )

    def find(self, image_id: str) -> Record | None:
        """The image; raises `errors.Conflict` if it was deleted."""
        image = adoption.find(self.context, image_id)
        return None if image is None else self._record(image)

    def members(self, image_id: str) -> list[Member]:
        """The members of a shared image."""
        found = members.get_all(self.context, image_id)
        return [Member(each.member_id, *each[2:]) for each in found]

    @contextlib.contextmanager
    def data(self, image_id: str) -> Iterator[Iterable[bytes]]:
        """The data of an image; the connection of the thread is given back meanwhile."""
        reading = image_data.read(self.context, image_id)
        if reading is None:
            raise errors.Conflict(reason="its data cannot be found")
        with contextlib.closing(reading), connection.released():
            yield reading

    def refusals(self, record: Record) -> list[str]:
        """Why the image cannot be made here, as far as can be said before."""
        found = []
        for name in ("disk_format", "container_format"):
            known = getattr(self.config.image_format, f"{name}s")
            if record.values[name] not in (None, *known):
                found.append(f"{name} {record.values[name]} is none of {name}s")
        if not images.ID_PATTERN.fullmatch(record.id):
            found.append("its id is not 8-4-4-4-12 hexadecimal digits")
        extra = self.context.deployment.extra_properties
        for name, value in record.properties.items():
            complaint = complaint_about(name, LONGEST_NAME, is_name=True)
            if name in extra:
                complaint = complaint or extra[name].complaint(value)
            found += [f"property {name}: {complaint}"] if complaint else []
        if record.has_data and record.size > self.config.image_size_cap:
            found.append(f"it has {record.size} bytes, image_size_cap is less")
        with contextlib.suppress(ValueError):
            found += self._over_quota(record)
        return found

    def _over_quota(self, record: Record) -> list[str]:
        try:
            quotas.require_properties(self.context, record.properties)
            limit = self.config.image_tag_quota
            quotas.require("image_tag_quota", limit, len(record.tags), "tags")
        except errors.QuotaExceeded as exc:
            return [str(exc)]
        return []

    def predicted(self, record: Record) -> Differences:
        """What will be different on an image that is brought here."""
        algorithm = self.config.hashing_algorithm
        if not record.has_data or record.facts["os_hash_algo"] == algorithm:
            return {}
        return {"os_hash_algo": (record.facts["os_hash_algo"], algorithm)}

    def create(self, record: Record) -> None:
        """Make the image, marked as unfinished."""
        images.create(
            self.context,
            properties={**record.properties, adoption.ADOPTING: "1"},
            tags=sorted(record.tags),
            id=record.id,
            **record.values,
        )

    def upload(self, record: Record, chunks: Iterable[bytes]) -> None:
        """Keep the data, all of it or nothing."""
        stores = self.context.deployment.stores
        there = [each for each in record.stores if each in stores]
        store = next((each for each in there if not stores[each].read_only), None)
        image_data.upload(
            self.context, record.id, chunks, store, record.size or None, record.size
        )

    def change(self, wanted: Record, found: Record) -> None:
        """Give the image the values, properties and tags that are wanted."""
        changes = [
            Change("replace", name, value)
            for name, value in wanted.values.items()
            if value != found.values[name]
        ]
        if wanted.tags != found.tags:
            changes.append(Change("replace", "tags", sorted(wanted.tags)))
        for name, value in wanted.properties.items():
            if found.properties.get(name) != value:
                changes.append(Change("add", name, value))
        for name in found.properties.keys() - wanted.properties.keys():
            changes.append(Change("remove", name))
        images.update(self.context, wanted.id, changes)

    def switch(self, image_id: str, status: str) -> None:
        """Make an image with data ``active`` or ``deactivated``."""
        action = images.deactivate if status == "deactivated" else images.reactivate
        action(self.context, image_id)

    def add_member(self, image_id: str, member_id: str) -> None:
        members.add(self.context, image_id, member_id)

    def answer(self, image_id: str, member_id: str, status: str) -> None:
        """Have the member's answer be this one."""
        members.set_status(self.context, image_id, member_id, status)

    def remove_member(self, image_id: str, member_id: str) -> None:
        members.delete(self.context, image_id, member_id)

    def finish(self, record: Record, found: Iterable[Member]) -> None:
        """Give the image and its members the times they had, and take the mark away."""
        times = (record.facts["created_at"], record.facts["updated_at"])
        theirs = {each.id: (each.created_at, each.updated_at) for each in found}
        adoption.settle(self.context, record.id, times, theirs)

    def recover(self) -> None:
        """Queue images again whose upload has died."""
        recovery.sweep(self.context.deployment)

    def namespaces(self) -> Iterator[dict[str, Any]]:
        """Every namespace of metadata definitions, by name, with what it holds."""
        yield from map(definitions.normal, documents.export_all())

    def put_namespace(self, document: Mapping[str, Any], replace: bool) -> None:
        """Make the namespace; one that is there goes first if ``replace`` says so."""
        try:
            loaded = NamespaceSchema().load(dict(document))
        except ma.ValidationError as exc:
            reason = smorest.explain(exc.normalized_messages())
            raise errors.SchemaBreach(schema="namespace", reason=reason) from exc
        loaded.setdefault("owner", None)
        if replace:
            documents.load(self.context, loaded, "overwrite")
        else:
            namespaces.create(self.context, loaded)
