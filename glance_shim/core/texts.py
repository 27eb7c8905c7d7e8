"""What text people may give."""

from __future__ import annotations

import unicodedata
from typing import Any


def complaint_about(text: str, longest: int | None = None, is_name: bool = False) -> str | None:
    """Why ``text`` cannot be taken, or ``None``.

    ``longest`` counts characters. Control characters are refused where the
    text is a name by which something is found (``is_name``).
    """
    if longest is not None and len(text) > longest:
        return f"{shown(text)} is longer than {longest} characters"
    if any(character > "\uffff" for character in text):
        return "Characters outside the Basic Multilingual Plane are not supported"
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        return "U+0000 and lone surrogates are no text"
    if is_name and any(unicodedata.category(character) == "Cc" for character in text):
        return "Control characters are not allowed here"
    return None


def shown(value: Any) -> str:
    """A value as it may appear in a message: short."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
