"""Whose certificate is believed where Keystone should be."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from certificates import Authority

from glance_shim import config, errors
from glance_shim.core.identity import keystone


class Stranger:
    """A server whose certificate nobody here knows; what was asked of it after all."""

    def __init__(self, authority: Authority) -> None:
        self.asked: list[str] = []
        stranger = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stranger.asked.append(self.path)
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_GET

            def log_message(self, *args: Any) -> None:
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            def handle_error(self, *args: Any) -> None:
                """Clients that do not know the certificate leave in the middle."""

        self.server = Quiet(("127.0.0.1", 0), Handler)
        context = authority.server("127.0.0.1")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def stranger(authority: Authority) -> Iterator[Stranger]:
    stranger = Stranger(authority)
    yield stranger
    stranger.server.shutdown()
    stranger.server.server_close()


def options(directory: Path, url: str, line: str) -> Any:
    file = directory / "glance-shim.conf"
    file.write_text(
        f"""\
[DEFAULT]
state_path = {directory}
auth_strategy = keystone
[keystone_authtoken]
auth_type = password
auth_url = {url}/v3
username = glance
password = secret
project_name = service
user_domain_name = Default
project_domain_name = Default
http_request_max_retries = 0
{line}
"""
    )
    return config.load([str(file)]).keystone_authtoken


def is_asked(directory: Path, stranger: Stranger, line: str) -> bool:
    """Is a password sent to the stranger where the options have this line?"""
    asking = keystone.Keystone(options(directory, stranger.url, line), "keystone_authtoken")
    with pytest.raises(keystone.KeystoneUnavailable):
        asking.get("/auth/catalog")
    return bool(stranger.asked)


@pytest.mark.parametrize(
    "line",
    ["", *(f"insecure = {word}" for word in ("false", "False", "FALSE", "0", "no", "off"))],
)
def test_a_certificate_is_looked_at(tmp_path: Path, stranger: Stranger, line: str) -> None:
    assert not is_asked(tmp_path, stranger, line)


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
@pytest.mark.parametrize("word", ["true", "True", "1", "yes", "on"])
def test_a_certificate_is_not_looked_at_where_that_is_said(
    tmp_path: Path, stranger: Stranger, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert is_asked(tmp_path, stranger, f"insecure = {word}")
    assert "not looked at ([keystone_authtoken] insecure)" in caplog.text


def test_a_certificate_of_an_authority_that_is_named_is_believed(
    tmp_path: Path, stranger: Stranger, authority: Authority
) -> None:
    assert is_asked(tmp_path, stranger, f"cafile = {authority.file}")


@pytest.mark.parametrize("word", ["", "maybe", "2", "falsch", "not true"])
def test_a_word_that_says_neither_is_refused(tmp_path: Path, word: str) -> None:
    with pytest.raises(errors.ConfigurationError, match="insecure"):
        options(tmp_path, "https://127.0.0.1", f"insecure = {word}")
