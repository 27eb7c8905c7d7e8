"""Bodies of requests that cannot be taken."""

from __future__ import annotations

from glance_shim.errors.families import Invalid, TooLarge


class BodyMissing(Invalid):
    message = "The request has no body; a JSON {expected} is expected"


class BodyNotExpected(Invalid):
    message = "This request takes no body"


class BodyTooLarge(TooLarge):
    message = "The body of this request may have at most {limit} bytes"


class MalformedJSON(Invalid):
    message = "The body is not acceptable JSON: {reason}"


class SchemaBreach(Invalid):
    message = "The document does not follow the schema '{schema}': {reason}"


class BodyTruncated(Invalid):
    message = (
        "The body ended after {received} bytes, but {declared} were announced; "
        "nothing was kept, send the data again"
    )


class BodyTooSlow(Invalid):
    message = (
        "The body came too slowly to wait for its end, after {received} bytes "
        "(client_socket_timeout, min_upload_rate); nothing was kept, send the data again"
    )


class BodyUnreadable(Invalid):
    message = (
        "The body could not be read to its end after {received} bytes (connection "
        "lost or malformed chunks); nothing was kept, send the data again"
    )
