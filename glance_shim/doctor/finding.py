"""What the doctor says of one thing."""

from __future__ import annotations

from typing import NamedTuple

OK, WARNING, PROBLEM = "ok", "warning", "problem"


class Finding(NamedTuple):
    """How it is with one thing, in words.

    ``state`` is `OK`, `WARNING` (it works, and something should be changed)
    or `PROBLEM` (something does not work); ``mend`` says what to do.
    """

    subject: str
    state: str
    words: str
    mend: str = ""


def ok(subject: str, words: str) -> Finding:
    return Finding(subject, OK, words)


def warning(subject: str, words: str, mend: str) -> Finding:
    return Finding(subject, WARNING, words, mend)


def problem(subject: str, words: str, mend: str) -> Finding:
    return Finding(subject, PROBLEM, words, mend)
