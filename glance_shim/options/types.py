"""Kinds of option values that oslo.config does not have."""

from __future__ import annotations

import ipaddress
from typing import Any

from oslo_config import types


class Network(types.ConfigType):
    """A network as 10.0.0.0/8, or one address."""

    def __init__(self) -> None:
        super().__init__("network value")

    def __call__(self, value: Any) -> Any:
        return ipaddress.ip_network(value)

    def _formatter(self, value: Any) -> str:
        return str(value)
