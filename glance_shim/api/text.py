"""Text that every kind of database can be asked for, in the address of a request."""

from __future__ import annotations

import flask

from glance_shim import errors


def refuse_nul() -> None:
    """Raise `errors.Invalid` where the path or the query holds U+0000.

    No stored text has it, and PostgreSQL fails when it is asked for such text.
    """
    request = flask.request
    if "\0" in request.path:
        raise errors.Invalid(reason="The path contains U+0000; leave %00 out")
    # A percent sign that stands for itself is written %25.
    if b"%00" in request.query_string or b"\0" in request.query_string:
        raise errors.Invalid(reason="The query contains U+0000; leave %00 out")
