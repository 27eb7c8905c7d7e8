"""An nginx on this machine that leads to the service: does it let images through?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from glance_shim.context import Deployment
from glance_shim.doctor.finding import Finding, ok, problem, warning

NGINX = Path("/etc/nginx")
PATTERNS = ("nginx.conf", "conf.d/*.conf", "sites-enabled/*")
COMMENT = re.compile(r"#[^\n]*")
SAMPLE = "see nginx.conf.sample, which comes with this program"


def look(deployment: Deployment, files: Sequence[str], root: Path = NGINX) -> Iterator[Finding]:
    """What nginx is told for the files that name the port of the service."""
    port = deployment.config.bind_port
    texts = {path: _text(path) for pattern in PATTERNS for path in sorted(root.glob(pattern))}
    whole = texts.get(root / "nginx.conf", "")
    ours = {path: text for path, text in texts.items() if re.search(rf":{port}\b", text)}
    for path, text in ours.items():
        found = list(_faults(path, text, whole))
        yield from found or [ok("nginx", f"{path} lets images through")]
    if ours and not deployment.config.oslo_middleware.enable_proxy_headers_parsing:
        yield warning(
            "nginx",
            "behind a proxy all clients have one address, and links are for the proxy's inside",
            "[oslo_middleware] enable_proxy_headers_parsing = true",
        )


def _text(path: Path) -> str:
    try:
        return COMMENT.sub("", path.read_text(errors="replace"))
    except OSError:
        return ""


def _faults(path: Path, text: str, whole: str) -> Iterator[Finding]:
    size = _said("client_max_body_size", text, whole)
    if size != "0":
        words = f"{path} refuses uploads larger than {size or '1m'} (client_max_body_size)"
        yield problem("nginx", words, f"client_max_body_size 0; {SAMPLE}")
    if _said("proxy_request_buffering", text, whole) != "off":
        words = f"{path} keeps a whole upload on its disk before passing it on"
        yield warning("nginx", words, f"proxy_request_buffering off; {SAMPLE}")
    unbuffered = _said("proxy_buffering", text, whole) == "off"
    if not unbuffered and _said("proxy_max_temp_file_size", text, whole) != "0":
        words = f"{path} keeps up to 1 GiB of each download on its disk"
        yield warning("nginx", words, f"proxy_max_temp_file_size 0; {SAMPLE}")


def _said(directive: str, *texts: str) -> str | None:
    """The last value of a directive in the first text that has it."""
    for text in texts:
        found = re.findall(rf"\b{directive}\s+([^;]+);", text)
        if found:
            return str(found[-1]).strip()
    return None
