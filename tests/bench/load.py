"""The load script that stands beside Glance's start scripts, as a module."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

PEERS = Path(
    os.environ.get("GLANCE_SHIM_PEERS")
    or Path(__file__).resolve().parents[3] / "shared" / "peers"
)


def require() -> None:
    """End with words where Glance's start scripts are not to be had."""
    if not (PEERS / "load.py").exists():
        sys.exit(f"no load.py in {PEERS}; say in GLANCE_SHIM_PEERS where Glance's scripts are")


def _module() -> Any:
    spec = importlib.util.spec_from_file_location("peers_load", PEERS / "load.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script: Any = _module() if (PEERS / "load.py").exists() else None

# What a scenario finds in its arguments unless it is said otherwise.
USUAL = {"clients": 1, "warmup": 1.0, "image": None, "limit": 25, "query": "", "keep": False}


def arguments(contestant: Any, **more: Any) -> argparse.Namespace:
    """As if they had been typed."""
    where = {"endpoint": contestant.endpoint, "count_port": contestant.count_ports}
    who = {"auth": "token", "token": contestant.token}
    return argparse.Namespace(**{**USUAL, **where, **who, **more})


def target(contestant: Any, token: str | None = None) -> Any:
    """Where the requests go, who sends them, and whose processes are counted."""
    token = token or contestant.token
    found = script.Target(arguments(contestant, token=token))
    if getattr(contestant, "is_fronted", False):
        user, project, roles = token.split(":")
        found.headers = {
            "X-Identity-Status": "Confirmed",
            "X-User-Id": user,
            "X-Project-Id": project,
            "X-Roles": roles,
        }
    return found
