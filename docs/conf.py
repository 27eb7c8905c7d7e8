"""The site that ``tox -e docs`` builds of these pages."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import generated

from glance_shim import __version__

project = "glance_shim"
copyright = ""
release = version = __version__

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]

# Words of the program stay as they are, quotes and all.
smartquotes = False

html_theme = "furo"
html_title = "glance_shim"
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False


def _fill_in(app: object, name: str, source: list[str]) -> None:
    source[0] = generated.fill_in(source[0])


def setup(app: object) -> None:
    """Let each page have what it takes from the program itself."""
    app.connect("source-read", _fill_in)
