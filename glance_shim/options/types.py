"""Kinds of option values that oslo.config does not have."""

from __future__ import annotations

import ipaddress
from typing import Any

from oslo_config import cfg, types


class Words(types.List):
    """A list with or without brackets around it: Glance demands them for some options."""

    def __call__(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip().startswith("["):
            value = value.strip().removeprefix("[").removesuffix("]")
        return super().__call__(value)


def words(name: str, item_type: Any = None, **options: Any) -> cfg.Opt:
    """An option that is a list; ``default`` is one, and ``help`` a sentence."""
    return cfg.Opt(name, type=Words(item_type=item_type), **options)


class Network(types.ConfigType):
    """A network as 10.0.0.0/8, or one address."""

    def __init__(self) -> None:
        super().__init__("network value")

    def __call__(self, value: Any) -> Any:
        return ipaddress.ip_network(value)

    def _formatter(self, value: Any) -> str:
        return str(value)
