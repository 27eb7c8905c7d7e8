"""One change to an image, as a patch asks for it."""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Change:
    """One operation of a patch.

    ``op`` is ``add``, ``replace`` or ``remove``. With ``must_be_new`` an
    ``add`` refuses to overwrite, as the older of the two patch types asks.
    ``position`` is where in ``locations`` it happens, a number or ``-``.
    """

    op: str
    name: str
    value: Any = None
    must_be_new: bool = False
    position: str = ""
