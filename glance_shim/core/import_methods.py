"""Where the data of an import comes from."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from glance_shim import errors, fetching
from glance_shim.core import arrivals, copies, quotas, tasks
from glance_shim.core.identity import catalog
from glance_shim.db import connection
from glance_shim.db.images import ImageRow

if TYPE_CHECKING:
    from glance_shim.core.import_steps import Import


class Source:
    """Data that is being fetched; ``size`` is what was announced, if anything.

    ``values`` gives the columns that the source decides besides the data.
    """

    def __init__(
        self,
        chunks: Iterable[bytes],
        size: int | None = None,
        values: Callable[[ImageRow], dict[str, Any]] = lambda image: {},
    ) -> None:
        self.chunks = chunks
        self.size = size
        self.values = values


@contextlib.contextmanager
def open_source(job: Import, image: ImageRow) -> Iterator[Source]:
    """Open what the request names; raises an error of the tree if that fails."""
    with METHODS[job.method](job, image) as source:
        yield source


def checked(job: Import, lease: arrivals.Lease, source: Source) -> arrivals.Staged:
    """The data of the source, held to ``image_size_cap`` and to the life of the task."""
    announced = f" of {source.size // (1 << 20)}" if source.size else ""

    def progress(count: int) -> None:
        lease.progress(count)
        with connection.borrowed():
            job.working.tell(f"Fetched {count // (1 << 20)}{announced} MiB")

    def whole() -> Iterator[bytes]:
        received = 0
        for chunk in source.chunks:
            received += len(chunk)
            yield chunk
        if source.size is not None and received != source.size:
            raise errors.SourceFailed(reason="it ended early")

    return arrivals.Staged(job.context, whole(), on_progress=progress)


@contextlib.contextmanager
def _staged(job: Import, image: ImageRow) -> Iterator[Source]:
    raise errors.Conflict(reason="There is no staged data; stage it again")
    yield


@contextlib.contextmanager
def _from_web(job: Import, image: ImageRow) -> Iterator[Source]:
    config = job.context.config
    uri = job.request["method"]["uri"]
    fetched = fetching.fetch(uri, config.import_filtering_opts, config.image_size_cap)
    with contextlib.closing(fetched):
        yield Source(_some(fetched), fetched.size)


def _some(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks; raises `errors.SourceFailed` at their end if there was no data."""
    received = 0
    for chunk in chunks:
        received += len(chunk)
        yield chunk
    if not received:
        raise errors.SourceFailed(reason="it has no data")


@contextlib.contextmanager
def _from_store(job: Import, image: ImageRow) -> Iterator[Source]:
    stores = job.deployment.stores
    failure: errors.Error = errors.BlobNotFound(store_id="")
    for location in copies.usable(job.deployment, image):
        try:
            reading = stores.find(location.store_id).read(location.blob_id)
        except errors.Unavailable as exc:
            failure = exc
            continue
        with contextlib.closing(reading):
            yield Source(reading, image.size)
        return
    raise failure


@contextlib.contextmanager
def _from_glance(job: Import, image: ImageRow) -> Iterator[Source]:
    """Data and some properties of an image of another region, with the caller's token."""
    config = job.context.config
    options = job.request["method"]
    credential = tasks.kept_credential(job.task.id)
    token = credential.token
    interface = options.get("glance_service_interface", "public")
    base = catalog.image_endpoint(credential.catalog, options["glance_region"], interface)
    if base is None:
        raise errors.SourceFailed(reason="the catalog has no image service in that region")
    remote_id = str(uuid.UUID(options["glance_image_id"]))
    url = f"{base}/v2/images/{remote_id}"
    headers = {"X-Auth-Token": token}
    remote = fetching.get_json(url, config.import_filtering_opts, headers)
    if remote.get("status") != "active" or not isinstance(remote.get("size"), int):
        raise errors.SourceFailed(reason="the remote image is not active")
    fetched = fetching.fetch(
        f"{url}/file", config.import_filtering_opts, config.image_size_cap, headers
    )
    with contextlib.closing(fetched):
        yield Source(fetched, remote["size"], lambda now: _taken_over(job, now, remote))


def _taken_over(job: Import, image: ImageRow, remote: dict[str, Any]) -> dict[str, Any]:
    """The formats and the chosen properties of the remote image, checked like a user's."""
    config = job.context.config
    wanted = tuple(config.glance_download_properties.extra_properties)
    properties = dict(image.properties)
    for name, value in remote.items():
        text = "" if value is None else value
        if name.startswith(wanted) and not name.startswith("os_glance"):
            complaint = job.deployment.extra_properties.complaint_about(name, text)
            if complaint:
                raise errors.SourceFailed(
                    reason=f"the remote image has a property that cannot be: {complaint}"
                )
            properties[name] = text
    limit = config.image_property_quota
    quotas.require("image_property_quota", limit, len(properties), "properties")
    formats = {
        "disk_format": config.image_format.disk_formats,
        "container_format": config.image_format.container_formats,
    }
    for name, allowed in formats.items():
        if remote.get(name) not in allowed:
            raise errors.SourceFailed(reason=f"the remote image has an unusable {name}")
    return {"properties": properties, **{name: remote[name] for name in formats}}


METHODS: dict[str, Callable[[Import, ImageRow], Any]] = {
    "glance-direct": _staged,
    "web-download": _from_web,
    "glance-download": _from_glance,
    "copy-image": _from_store,
}
