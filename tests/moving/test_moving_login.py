"""Logging in to another cloud as the clients do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from glance_shim import errors
from glance_shim.moving import login

CLOUDS = """\
clouds:
  old:
    auth:
      auth_url: https://keystone.example.org/v3
      username: admin
      project_name: admin
      user_domain_name: Default
      project_domain_name: Default
    region_name: two
    interface: internal
    image_endpoint_override: https://images.example.org
    verify: false
  rackspace:
    profile: rackspace
"""

SECRET = "clouds: {old: {auth: {password: secret}}}"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "clouds.yaml").write_text(CLOUDS)
    (tmp_path / "secure.yaml").write_text(SECRET)
    return {"OS_CLIENT_CONFIG_FILE": str(tmp_path / "clouds.yaml")}


@pytest.mark.parametrize("named", [{}, {"OS_CLOUD": "old"}])
def test_a_cloud_of_the_file(environ: dict[str, str], named: dict[str, str]) -> None:
    found = login.log_in(None if named else "old", environ | named)

    auth = found.session.auth
    assert (auth.auth_url, auth._username) == ("https://keystone.example.org/v3", "admin")
    assert auth._password == "secret"
    assert found[1:] == ("two", "internal", "https://images.example.org")
    assert found.session.verify is False


def test_variables() -> None:
    found = login.log_in(
        None,
        {
            "OS_AUTH_URL": "https://keystone.example.org/v3",
            "OS_USERNAME": "admin",
            "OS_PASSWORD": "secret",
            "OS_TENANT_NAME": "old word",
            "OS_PROJECT_NAME": "admin",
            "OS_USER_DOMAIN_NAME": "Default",
            "OS_REGION_NAME": "two",
            "OS_CACERT": "/etc/ssl/ours.pem",
        },
    )

    assert found.session.auth._project_name == "admin"
    assert found.session.verify == "/etc/ssl/ours.pem"
    assert found[1:] == ("two", "public", None)


@pytest.mark.parametrize(
    "word, verify",
    [
        *((word, True) for word in ("", "false", "False", "0", "no", "maybe")),
        *((word, False) for word in ("true", "True", "1", "yes")),
    ],
)
def test_insecure_is_what_its_word_says(word: str, verify: bool) -> None:
    environ = {"OS_AUTH_URL": "https://keystone.example.org/v3", "OS_INSECURE": word}
    assert login.log_in(None, environ).session.verify is verify


def test_an_application_credential() -> None:
    found = login.log_in(
        None,
        {
            "OS_AUTH_TYPE": "v3applicationcredential",
            "OS_AUTH_URL": "https://keystone.example.org/v3",
            "OS_APPLICATION_CREDENTIAL_ID": "abc",
            "OS_APPLICATION_CREDENTIAL_SECRET": "secret",
        },
    )

    assert found.session.auth.auth_methods[0].application_credential_id == "abc"


@pytest.mark.parametrize(
    ("cloud", "words"),
    [
        ("none-such", "no cloud none-such in"),
        ("rackspace", "write out its auth_url"),
        (None, "give --os-cloud, or OS_AUTH_URL"),
    ],
)
def test_what_is_missing_is_said(environ: Any, cloud: str | None, words: str) -> None:
    with pytest.raises(errors.ConfigurationError, match=words):
        login.log_in(cloud, environ)


@pytest.mark.parametrize("text", ["- a\n- b\n", "1: b\n", "a: [b]\n", "a: b: c\n"])
def test_a_file_of_projects_that_is_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "projects.yaml"
    file.write_text(text)

    with pytest.raises(errors.ConfigurationError):
        login.projects(file)
