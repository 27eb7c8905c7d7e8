"""Imports go one way: downwards."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import glance_shim

ROOT = Path(glance_shim.__file__).parent

# Lowest first; what stands in one line may import what stands above it, and
# packages their own modules.
LAYERS = [
    {"clock", "errors", "logs", "memory", "options", "siblings", "threads"},
    {"config", "context", "addresses"},
    {"audit", "exchange"},
    {"fetching"},
    {"notifications"},
    {"stores", "db"},
    {"policy"},
    {"core"},
    {"deployment"},
    {"api", "lead", "transport", "unfinished", "worker"},
    {"http_worker"},
    {"dashboard", "moving"},
    {"docs", "doctor"},
    {"app", "server"},
    {"cli", "wsgi", "testing"},
    {"__main__", "__init__"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}

# The only places for some libraries.
HOMES = {
    "flask": ("app", "api", "dashboard", "docs"),
    "werkzeug": ("app", "api", "dashboard", "testing/thread"),
    "flask_smorest": ("api/smorest",),
    "webargs": ("api/smorest",),
    "peewee": ("db", "policy/visibility"),
    "playhouse": ("db",),
    "argon2": ("core/identity",),
    "keystoneauth1": ("core/identity/keystone", "config", "moving"),
    "gunicorn": ("http_worker", "server", "transport"),
    "prometheus_client": ("api/metrics",),
    "click": ("cli",),
    "openstack": ("testing/people",),
    "pytest": ("testing/plugin",),
    "botocore": ("stores/s3_client",),
    "urllib3": ("stores/s3_client",),
    "cryptography": ("core/signatures", "dashboard/sealing"),
}


def imports(path: Path) -> Iterator[str]:
    """Dotted names that a file imports, as far as they are written out."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


MODULES = sorted(
    path.relative_to(ROOT) for path in ROOT.rglob("*.py") if not path.name[0].isdigit()
)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_imports_only_what_stands_below_it(module: Path) -> None:
    own = module.parts[0].removesuffix(".py")
    used = {
        name.split(".")[1] for name in imports(ROOT / module) if name.startswith("glance_shim.")
    }

    too_high = {n for n in used - {own, "__version__"} if LEVEL.get(n, 99) >= LEVEL[own]}
    assert not too_high


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_library_is_used_in_its_place_only(module: Path) -> None:
    used = {name.split(".")[0] for name in imports(ROOT / module)}
    place = str(module.with_suffix(""))

    lost = {n for n in used & HOMES.keys() if not place.startswith(HOMES[n])}
    assert not lost


# What looks for the request anew each time that it is asked for something.
STAND_INS = re.compile(
    r"\bflask\.(request|g|current_app|session)\b|^from flask(\.globals)? import", re.MULTILINE
)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_the_request_is_asked_for_in_one_place(module: Path) -> None:
    if module != Path("api/at_hand.py"):
        assert not STAND_INS.findall((ROOT / module).read_text())
