"""What can be done to imported data before it is stored."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import resource
import subprocess
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any

from oslo_utils.imageutils import format_inspector

from glance_shim import errors
from glance_shim.core import arrivals
from glance_shim.db import connection, uploads

if TYPE_CHECKING:
    from glance_shim.core.import_steps import Import

BLOCK = 256 * 1024
GZIP, ZIP, LHA = b"\x1f\x8b\x08", b"PK\x03\x04", b"-lh"

# What qemu-img calls a disk format, where it has another name for it.
QEMU_NAMES = {"vhd": "vpc"}
# What reading an archive raises when it is not one, or one that is not understood.
UNSOUND_ZIP = (
    zipfile.BadZipFile,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    zlib.error,
)
QEMU_CPU_SECONDS = 2
QEMU_MEMORY = 1 << 30


class PluginFailed(errors.Invalid):
    message = "The import plugin {plugin} failed: {reason}"


def nothing(job: Import) -> None:
    """The plugin ``no_op``."""


def inject(job: Import) -> None:
    """Give the image the configured properties, unless the caller's role is exempt."""
    options = job.context.config.inject_metadata_properties
    if job.context.roles & {role.lower() for role in options.ignore_user_roles}:
        return
    injected = {k: str(v) for k, v in options.inject.items() if not k.startswith("os_glance")}
    with connection.writing():
        job.change(lambda image: {"properties": {**image.properties, **injected}})


def decompress(job: Import) -> None:
    """Replace a staged archive by its content; what is no archive stays as it is."""
    image = job.image()
    if image.container_format == "compressed":
        return
    with _staged_path(job) as path, open(path, "rb") as file:
        head = file.read(5)
        file.seek(0)
        if head.startswith(GZIP):
            _replace(job, _gzip(file))
        elif head.startswith(ZIP):
            _replace(job, _zip(file))
        elif head[2:5] == LHA:
            raise PluginFailed(plugin="image_decompression", reason="lha is not supported")


@contextlib.contextmanager
def _staged_path(job: Import) -> Iterator[str]:
    """The staged data as a file of this host: itself, or a copy for the block."""
    staging, blob_id = job.deployment.stores.staging, job.image().staged or ""
    path = staging.path(blob_id)
    if path is not None:
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="glance-shim-") as copy:
        with connection.released(), contextlib.closing(staging.read(blob_id)) as reading:
            for block in reading:
                copy.write(block)
        copy.flush()
        yield copy.name


def _gzip(file: IO[bytes]) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=file) as content:
            yield from _blocks(content)
    except (OSError, EOFError, ValueError, zlib.error) as exc:
        raise PluginFailed(plugin="image_decompression", reason="not sound gzip data") from exc


def _zip(file: IO[bytes]) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) != 1:
                raise PluginFailed(
                    plugin="image_decompression",
                    reason=f"the archive has {len(members)} members instead of one",
                )
            with archive.open(members[0]) as content:
                yield from _blocks(content)
    except UNSOUND_ZIP as exc:
        raise PluginFailed(plugin="image_decompression", reason="not a sound zip file") from exc


def _blocks(content: Any) -> Iterator[bytes]:
    while block := content.read(BLOCK):
        yield block


def _replace(job: Import, chunks: Iterable[bytes], **columns: Any) -> None:
    """Put other data in the place of the staged data, and change columns with it."""
    image = job.image()
    staging = job.deployment.stores.staging
    lease = arrivals.Lease(job.context, image, staging.store_id)
    data = arrivals.Staged(job.context, chunks, on_progress=lease.progress)
    with (
        lease.held(),
        arrivals.kept(staging, lease.blob_id, data),
        arrivals.recording(image.id, lease.blob_id),
    ):
        lease.release(data.size)
        uploads.add_removals(image.id, [(staging.store_id, image.staged or "")], 0)
        job.change(lambda _: {"staged": lease.blob_id, **data.columns, **columns})


def convert(job: Import) -> None:
    """Convert the staged data to the configured disk format with qemu-img."""
    with _staged_path(job) as path:
        _convert(job, path)


def _convert(job: Import, path: str) -> None:
    image = job.image()
    output = job.context.config.image_conversion.output_format
    detected = _detected(path)
    if detected == "iso":
        if image.disk_format != "iso":
            raise _not_converted("an ISO that is declared as something else")
        return
    if detected != image.disk_format:
        raise _not_converted(f"its content is {detected}, not {image.disk_format}")
    virtual_size = _described(job, path, detected)
    with connection.writing():
        job.change(lambda _: {"virtual_size": virtual_size})
    if detected == output:
        return
    converted = f"{path}.converted"
    try:
        name = QEMU_NAMES.get(detected, detected)
        _qemu("convert", "-f", name, "-O", output, path, converted)
        if _detected(converted) != output:
            raise _not_converted("the result is of another format")
        with open(converted, "rb") as file:
            _replace(job, _blocks(file), disk_format=output, container_format="bare")
    finally:
        if os.path.exists(converted):  # noqa: PTH110
            os.unlink(converted)  # noqa: PTH108


def _not_converted(reason: str) -> PluginFailed:
    return PluginFailed(plugin="image_conversion", reason=reason)


def _detected(path: str) -> str:
    """The one format that a file has and is safe in; a partition table counts as raw."""
    try:
        found: Any = format_inspector.detect_file_format(path)
        found.safety_check()
    except Exception as exc:
        raise _not_converted("its content is unsafe or of several formats") from exc
    return "raw" if str(found) == "gpt" else str(found)


def _described(job: Import, path: str, disk_format: str) -> int:
    """The virtual size that qemu-img tells, of a file that names no other file."""
    name = QEMU_NAMES.get(disk_format, disk_format)
    info = json.loads(_qemu("info", "-f", name, "--output=json", path, limited=True))
    data_file = info.get("format-specific", {}).get("data", {}).get("data-file")
    if info.get("format") != name or info.get("backing-filename") or data_file:
        raise _not_converted("it refers to other files, or qemu-img sees another format")
    if disk_format == "vmdk":
        kind = info.get("format-specific", {}).get("data", {}).get("create-type")
        allowed = job.context.config.image_format.vmdk_allowed_types
        if kind not in allowed:
            raise _not_converted(f"a vmdk of kind {kind} is not allowed")
    return int(info["virtual-size"])


def _qemu(*arguments: str, limited: bool = False) -> bytes:
    def limits() -> None:
        if limited:
            resource.setrlimit(resource.RLIMIT_CPU, (QEMU_CPU_SECONDS, QEMU_CPU_SECONDS))
            resource.setrlimit(resource.RLIMIT_AS, (QEMU_MEMORY, QEMU_MEMORY))

    try:
        done = subprocess.run(  # noqa: S603
            ["qemu-img", *arguments],  # noqa: S607
            check=True,
            capture_output=True,
            preexec_fn=limits,
            env={"LC_ALL": "C", "PATH": os.environ.get("PATH", "")},
        )
    except FileNotFoundError as exc:
        raise _not_converted("qemu-img is not installed") from exc
    except subprocess.CalledProcessError as exc:
        raise _not_converted("qemu-img refused the data") from exc
    return done.stdout


PLUGINS: dict[str, Callable[[Import], None]] = {
    "no_op": nothing,
    "inject_image_metadata": inject,
    "image_decompression": decompress,
    "image_conversion": convert,
}
