"""A running image service for the tests of other programs.

With pytest there is nothing to import: the package brings a plugin with the
fixture ``glance_shim``. Anywhere else::

    from glance_shim import testing

    with testing.running() as shim:
        image = shim.create_image("golden", data=b"...", members=["app-team"])
        shim.person("app-team").connection.image.get_image(image["id"])

Nothing is loaded before it is used, because pytest imports the plugin in
every project of an environment that has this package.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glance_shim.testing.service import Service


@contextlib.contextmanager
def running(
    directory: Path | str | None = None, *, process: bool = False, **options: Any
) -> Iterator[Service]:
    """A service that runs for the block, on a free port of 127.0.0.1.

    It has the people of ``service.PEOPLE``, and a ``clouds.yaml`` that names
    them. It runs in a thread, or with ``process=True`` as the real server
    does. ``options`` are those of the configuration; a dictionary is a
    section. Everything is kept in ``directory``, or in one that is removed.
    Raises ``errors.ConfigurationError`` for options that cannot work, and
    ``RuntimeError`` with its log where the process does not start.
    """
    with contextlib.ExitStack() as stack:
        if directory is None:
            import tempfile

            removed = tempfile.TemporaryDirectory("-glance-shim", ignore_cleanup_errors=True)
            directory = stack.enter_context(removed)
        directory, server = Path(directory).absolute(), None
        if process:
            from glance_shim.testing.process import ProcessServer

            server = ProcessServer(directory)
            stack.callback(server.stop)
        # This takes its time, in which the process loads the same.
        from glance_shim.testing import service

        started = service.Service(directory, server, options)
        stack.callback(started.stop)
        yield started
