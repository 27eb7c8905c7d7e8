"""How much input is made up: little, and always the same, unless the environment asks for more.

``GLANCE_SHIM_EXAMPLES=20`` makes twenty times as much, and other input each time.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

MANIFOLD = int(os.environ.get("GLANCE_SHIM_EXAMPLES") or 0)


def examples(count: int, **more: int) -> settings:
    """Settings of a test that tries so many examples in the short run."""
    return settings(
        max_examples=count * max(MANIFOLD, 1),
        derandomize=not MANIFOLD,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        **more,
    )
