"""What reads bytes of strangers, led by the code that they reach: ``tox -e atheris``.

``python coverage_guided.py 60`` gives each reader 60 seconds. ``… json_patch`` and options of
libFuzzer is one of them alone; ``… json_patch FILE`` tries again what was found. A finding is
what a reader raises beside `errors.Error`, and what it takes for something else than it is.
"""

from __future__ import annotations

import atexit
import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import atheris

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

with atheris.instrument_imports(include=["glance_shim", "oslo_utils.imageutils"]):
    from glance_shim import errors
    from glance_shim.api import filters, image_data, json_patch, ranges
    from glance_shim.core import formats
    from glance_shim.dashboard import multipart

import disk_images as disks  # noqa: E402
from people import Service  # noqa: E402

DISK_FORMATS = ("raw", *formats.RECOGNIZED, "ami")

service = Service(Path(tempfile.mkdtemp(prefix="glance-shim-")), {})
atexit.register(shutil.rmtree, service.directory)
app = service.app


def read_patch(data: bytes) -> None:
    """A patch is a list of changes to properties that may be changed."""
    media_type = json_patch.V20 if data[:1] == b"0" else json_patch.V21
    with app.test_request_context(method="PATCH", data=data[1:], content_type=media_type):
        for change in json_patch.read():
            assert change.op in json_patch.OPERATIONS
            assert change.name not in json_patch.READ_ONLY


def read_range(data: bytes) -> None:
    """A range lies in the data."""
    header = "Content-Range" if data[:1] == b"C" else "Range"
    text = data[2:].decode("latin-1").replace("\r", "").replace("\n", "")
    size = data[1] if len(data) > 1 else 0
    with app.test_request_context(headers={header: text}):
        span = ranges.asked_for()
        assert span is not None
        start, length = span(size)
        assert 0 <= start < start + length <= size, (text, size, start, length)


def read_filters(data: bytes) -> None:
    """Each condition has an operator that the queries know, and a number of 64 bits if any."""
    with app.test_request_context(environ_overrides={"QUERY_STRING": data.decode("latin-1")}):
        asked = filters.parse(filters.parameters())
        for _, operator, value in asked["conditions"]:
            assert operator in ("in", *filters.TIME_OPERATORS)
            assert not isinstance(value, int) or abs(value) <= filters.LARGEST_NUMBER


def read_headers(data: bytes) -> None:
    """A declared size is a number that any column holds."""
    text = data.decode("latin-1").replace("\r", "").replace("\n", "")
    with app.test_request_context(headers={image_data.SIZE_HEADER: text}, content_type=text):
        declared = image_data.declared_size()
        assert declared is not None
        assert 0 <= declared < 10**18
        image_data.require_octets()


def look_inside(data: bytes) -> None:
    """Data has a virtual size that a column holds, or is refused."""
    disk_format = DISK_FORMATS[(data[0] if data else 0) % len(DISK_FORMATS)]
    step = 1 + (data[1] if len(data) > 1 else 0) * 16
    content = data[2:]
    image: Any = SimpleNamespace(id="x", disk_format=disk_format, container_format="bare")
    inspector = formats.Inspector(image, service.deployment.config.image_format)
    for begin in range(0, len(content), step):
        inspector.feed(content[begin : begin + step])
    virtual_size = inspector.finish(len(content))
    assert virtual_size is None or 0 <= virtual_size <= formats.LARGEST_VIRTUAL_SIZE


def _cut(data: bytes, step: int) -> list[bytes]:
    return [data[begin : begin + step] for begin in range(0, len(data), step)]


def read_form(data: bytes) -> None:
    """A form is the same however it arrives."""
    step = 1 + (data[0] if data else 0)
    found = [_form(_cut(data[1:], length)) for length in (step, len(data) + 1)]
    assert found[0] == found[1], found


def _form(blocks: list[bytes]) -> Any:
    try:
        form = multipart.read(iter(blocks), "multipart/form-data; boundary=b", None)
        return form.fields, form.filename, b"".join(form.data)
    except errors.Error as exc:
        return str(exc)


def read_file_of_form(data: bytes) -> None:
    """The file of a form arrives as it was sent."""
    step, content = 1 + (data[0] if data else 0), data[1:]
    if b"\r\n--b" in b"\r\n" + content + b"\r\n":
        return
    head = b'--b\r\nContent-Disposition: form-data; name="f"; filename="d"\r\n\r\n'
    body = head + content + b"\r\n--b--\r\n"
    form = multipart.read(_cut(body, step), "multipart/form-data; boundary=b", len(body))
    assert form.length == len(content)
    assert b"".join(form.data) == content


FORM = (
    b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nvalue\r\n'
    b'--b\r\nContent-Disposition: form-data; name="f"; filename="d"\r\n\r\ndata\r\n--b--\r\n'
)

READERS: dict[str, tuple[Callable[[bytes], None], tuple[bytes, ...]]] = {
    "json_patch": (
        read_patch,
        (
            b'1[{"op": "replace", "path": "/name", "value": "x"}]',
            b'1[{"op": "add", "path": "/tags", "value": ["a"]}]',
            b'1[{"op": "remove", "path": "/locations/0"}, {"op": "add", "path": "/a~1b~0c"}]',
            b'1[{"op": "replace", "path": "/locations", "value": [{"url": "http://h/"}]}]',
            b'0[{"add": "/x", "value": "y"}, {"remove": "/z"}, {"replace": "/min_ram"}]',
        ),
    ),
    "range": (
        read_range,
        (b"R\x64bytes=0-9", b"R\x64bytes=-5", b"R\x64bytes=90-", b"C\x64bytes 0-9/100"),
    ),
    "filters": (
        read_filters,
        (
            b"name=in:a,%22b,c%22&status=active&limit=5&sort=name:asc,size:desc",
            b"created_at=gte:2026-01-01T00:00:00Z&size_min=1&tag=a&os_hidden=true",
            b"sort_key=name&sort_dir=asc&marker=x&visibility=all&member_status=all&x=y",
        ),
    ),
    "headers": (read_headers, (b"0", b"1024", b" 7 ", b"application/octet-stream")),
    "formats": (
        look_inside,
        (
            b"\x00\x20plain",
            b"\x01\x20" + disks.qcow2(),
            b"\x02\x20" + disks.vhd(),
            b"\x04\x20" + disks.vmdk(),
            b"\x00\x20" + disks.vmdk_text(),
            b"\x05\x20" + disks.vdi(),
            b"\x00\x20" + disks.mbr(),
            b"\x00\x20" + disks.luks(),
        ),
    ),
    "form": (read_form, (b"\x05" + FORM, b"\x01--b--\r\n")),
    "file_of_form": (read_file_of_form, (b"\x05data\r\n--", b"\x01\r\n\r\n", b"\x02")),
}


def fuzz(name: str, arguments: list[str]) -> None:
    """Try the reader until libFuzzer has enough, or found something; ends the process."""
    read, _ = READERS[name]

    def try_once(data: bytes) -> None:
        with contextlib.suppress(errors.Error):
            read(data)

    atheris.Setup([name, *arguments], try_once)
    atheris.Fuzz()


def fuzz_all(seconds: str) -> int:
    """Give each reader its time, beginning with its seeds; how many have failed."""
    failed = 0
    for name, (_, seeds) in READERS.items():
        with tempfile.TemporaryDirectory() as corpus:
            for number, seed in enumerate(seeds):
                Path(corpus, str(number)).write_bytes(seed)
            print(f"== {name}", flush=True)
            options = (f"-max_total_time={seconds}", "-timeout=10", "-max_len=70000")
            command = [sys.executable, __file__, name, *options, "-print_final_stats=1", corpus]
            failed += subprocess.run(command, check=False).returncode != 0
    return failed


if __name__ == "__main__":
    if sys.argv[1] in READERS:
        fuzz(sys.argv[1], sys.argv[2:])
    sys.exit(fuzz_all(sys.argv[1]))
