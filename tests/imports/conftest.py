"""A service with several stores, and a way to the source."""

from __future__ import annotations

from typing import Any

import pytest
from people import Service


@pytest.fixture
def service(make_service: Any, reaching: dict[str, Any]) -> Service:
    """Two stores for files, one for the web, and a way to the source."""
    return make_service(
        enabled_backends={"fast": "file", "cheap": "file", "web": "http"},
        image_size_cap=3000,
        import_filtering_opts=reaching,
    )
