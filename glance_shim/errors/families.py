"""The families of errors, which decide what status is answered."""

from __future__ import annotations

from typing import Any

LONGEST_FACT = 256


class Error(Exception):
    """The root. ``facts`` fill the placeholders of ``message``.

    A fact longer than 256 characters is cut, so that no answer and no log
    line grows with what a client sent.
    """

    message = "The request failed"

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.message.format(**{k: _cut(v) for k, v in facts.items()}))


def _cut(fact: Any) -> Any:
    if isinstance(fact, str) and len(fact) > LONGEST_FACT:
        return fact[:LONGEST_FACT] + "…"
    return fact


class Invalid(Error):
    message = "{reason}"


class Unauthorized(Error):
    message = "This request needs a valid token"


class Forbidden(Error):
    message = "This is not allowed: {reason}"


class NotFound(Error):
    message = "{what} could not be found"


class Conflict(Error):
    message = "{reason}"


class Gone(Error):
    message = "{reason}"


class TooLarge(Error):
    message = "{reason}"


class Unsupported(Error):
    message = "{reason}"


class LengthRequired(Error):
    message = "This request has to say how long its body is (Content-Length)"


class ExpectationFailed(Error):
    message = "This request has to send its body at once, without Expect"


class RangeNotSatisfiable(Error):
    message = "The range {range} does not lie within the {size} bytes of the image"

    @property
    def headers(self) -> dict[str, str]:
        return {"Content-Range": f"bytes */{self.facts['size']}"}


class RequestIdTooLong(Error):
    message = "The request id is longer than {limit} characters (max_request_id_length)"


class TooManyRequests(Error):
    """``seconds`` is how long to wait; it becomes ``Retry-After``."""

    message = "Too many attempts; try again in {seconds} seconds"


class TooManyCalls(TooManyRequests):
    message = "More calls than {limit} a second ({option}); try again in {seconds} second(s)"


class Unavailable(Error):
    message = "{reason}"


class ConfigurationError(Error):
    """Raised before the first request is served; the command prints it and exits 1."""

    message = "{reason}"
