"""Text that every kind of database can be asked for, in the address of a request."""

from __future__ import annotations

from glance_shim import errors
from glance_shim.api import at_hand


def refuse_nul() -> None:
    """Raise `errors.Invalid` where the path or the query holds U+0000.

    No stored text has it, and PostgreSQL fails when it is asked for such text.
    """
    environ = at_hand.request().environ
    if "\0" in environ["PATH_INFO"]:
        raise errors.Invalid(reason="The path contains U+0000; leave %00 out")
    # A percent sign that stands for itself is written %25.
    query = environ.get("QUERY_STRING", "")
    if "%00" in query or "\0" in query:
        raise errors.Invalid(reason="The query contains U+0000; leave %00 out")
