"""Looking inside image data while it passes.

The inspectors are those of oslo.utils, written by the people who met the
attacks: a header that names a file of the host as its backing or data file,
data of one format that claims to be another, data of two formats at once.
"""

from __future__ import annotations

import re
from typing import IO, Any, cast

from oslo_utils.imageutils import format_inspector

from glance_shim import errors
from glance_shim.db.images import ImageRow

# Formats whose content must be what disk_format says.
RECOGNIZED = ("qcow2", "vhd", "vhdx", "vmdk", "vdi", "iso")
RAW = "raw"

LARGEST_VIRTUAL_SIZE = 1 << 60
HEAD = 4096

# The inspectors take a text descriptor of VMDK that is padded with NUL bytes
# for raw data, and do not know the older COWD header; qemu opens both.
VMDK_TEXT = re.compile(rb"(?:[ \t\r]*(?:#[^\n]*)?\n)*[ \t]*version[ \t]*=", re.IGNORECASE)
VMDK_COMMENT = re.compile(rb"[ \t\r\n]*#[ \t]*Disk DescriptorFile", re.IGNORECASE)


class Inspector:
    """Is fed the data of one image, chunk by chunk, and judges it at the end.

    Only data without a container (``bare``) is looked at. ``options`` are
    those of the section ``image_format``.
    """

    def __init__(self, image: ImageRow, options: Any) -> None:
        self._image = image
        self._options = options
        self._active = image.container_format == "bare"
        self._head = b""
        self._source = _Pushed()
        must_match = options.require_image_format_match and image.disk_format in RECOGNIZED
        self._wrapper = format_inspector.InspectWrapper(
            cast(IO[bytes], self._source),
            expected_format=image.disk_format if must_match else None,
        )

    def feed(self, chunk: bytes) -> None:
        """Look at the next chunk; raises `errors.UnsafeContent` as soon as it is clear."""
        if not self._active:
            return
        if len(self._head) < HEAD:
            self._head += chunk[: HEAD - len(self._head)]
            if len(self._head) == HEAD:
                self._require_no_vmdk_text()
        self._source.chunk = chunk
        try:
            self._wrapper.read(len(chunk))
        except Exception as exc:
            raise self._refusal(f"it is not {self._image.disk_format}: {exc}") from exc

    def finish(self, size: int) -> int | None:
        """Judge the whole and return the virtual size, ``None`` if there is none.

        Raises `errors.UnsafeContent`.
        """
        if not self._active:
            return None
        self._require_no_vmdk_text()
        self._wrapper.close()
        found = self._detected()
        if found is None:
            return None
        disk_format = self._image.disk_format
        if disk_format == RAW:
            self._require_safe(found)
            return size or None
        if str(found) == disk_format:
            self._require_safe(found)
            return self._virtual_size(found) if size else None
        if str(found) == RAW and disk_format not in RECOGNIZED:
            return None
        if self._options.require_image_format_match:
            raise self._refusal(f"its content is {found}, but its disk_format is {disk_format}")
        return None

    def _detected(self) -> Any:
        """The inspector whose format the data has; ``None`` where several do not matter."""
        found = {str(inspector): inspector for inspector in self._wrapper.formats or ()}
        if set(found) == {"iso", "gpt"}:
            return found["iso"]
        if len(found) == 1:
            return next(iter(found.values()))
        if self._options.require_image_format_match:
            raise self._refusal(f"it is {' and '.join(sorted(found))} at once")
        return None

    def _require_safe(self, found: Any) -> None:
        try:
            found.safety_check()
        except format_inspector.SafetyCheckFailed as exc:
            forgiven = set(self._options.gpt_safety_checks_nonfatal)
            if str(found) == "gpt" and set(exc.failures) <= forgiven:
                return
            reasons = ", ".join(f"{name} ({why})" for name, why in exc.failures.items())
            raise self._refusal(f"it fails the safety checks of {found}: {reasons}") from exc
        except Exception as exc:
            raise self._refusal(f"it is not sound {found} data") from exc

    def _virtual_size(self, found: Any) -> int:
        try:
            virtual_size = int(found.virtual_size)
        except Exception as exc:
            raise self._refusal(f"its header is not sound {found}") from exc
        if not 0 <= virtual_size <= LARGEST_VIRTUAL_SIZE:
            raise self._refusal(f"it claims a virtual size of {virtual_size} bytes")
        return virtual_size

    def _require_no_vmdk_text(self) -> None:
        if self._image.disk_format == "vmdk" and self._head[:4] not in (b"COWD",):
            return
        if self._head[:4] == b"COWD" or any(
            pattern.match(self._head) for pattern in (VMDK_TEXT, VMDK_COMMENT)
        ):
            raise self._refusal("it is a VMDK descriptor, which names other files")

    def _refusal(self, reason: str) -> errors.UnsafeContent:
        return errors.UnsafeContent(image_id=self._image.id, reason=reason)


class _Pushed:
    """Stands where the inspector expects a file to read from."""

    chunk = b""

    def read(self, size: int) -> bytes:
        return self.chunk
