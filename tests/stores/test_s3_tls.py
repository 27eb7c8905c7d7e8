"""An object store behind TLS, with an authority of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import object_store
import pytest
from certificates import Authority
from server_process import free_port
from terminal import until

from glance_shim import errors

BLOB = "c0ffee00-0000-4000-8000-000000000000-00000000"

NGINX = """\
daemon off;
{user}
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}/temporary;
    proxy_temp_path {directory}/temporary;
    fastcgi_temp_path {directory}/temporary;
    uwsgi_temp_path {directory}/temporary;
    scgi_temp_path {directory}/temporary;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {certificate};
        client_max_body_size 0;
        location / {{
            proxy_pass {engine};
            proxy_set_header Host $http_host;
        }}
    }}
}}
"""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def secure(engine: object_store.Swift, authority: Authority, tmp_path: Path) -> Iterator[str]:
    """The URL of the engine behind TLS, for which only the authority vouches."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("nginx (package nginx) is not installed")
    directory, port = tmp_path / "nginx", free_port()
    directory.mkdir()
    configuration = directory / "configuration"
    configuration.write_text(
        NGINX.format(
            directory=directory,
            port=port,
            certificate=authority.certificate("127.0.0.1"),
            engine=engine.url,
            user="user root;" if os.getuid() == 0 else "",
        )
    )
    nginx = subprocess.Popen([program, "-e", directory / "error.log", "-c", configuration])
    until(lambda: (directory / "nginx.pid").exists(), "nginx has started")
    yield f"https://127.0.0.1:{port}"
    nginx.terminate()
    nginx.wait()


def test_a_store_is_reached_whose_authority_is_named(
    make_s3: Any, secure: str, authority: Authority
) -> None:
    store = make_s3(s3_store_host=secure, s3_store_cacert=str(authority.file))

    assert store.add(BLOB, [b"data"]) == 4
    assert b"".join(store.read(BLOB)) == b"data"
    store.check()


def test_a_store_is_refused_whose_authority_nobody_knows(make_s3: Any, secure: str) -> None:
    store = make_s3(s3_store_host=secure)

    with pytest.raises(errors.StoreUnavailable) as raised:
        store.check()

    assert "certificate" in str(raised.value)
