"""Logging in to another cloud as its clients do: ``OS_*`` variables and clouds.yaml."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from glance_shim import errors

# What cannot be read as such a word leaves certificates looked at.
YES, NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


class Login(NamedTuple):
    """A session of keystoneauth, and what it takes to find the image service with it."""

    session: Any
    region: str | None
    interface: str
    endpoint: str | None


def log_in(cloud: str | None, environ: Mapping[str, str] = os.environ) -> Login:
    """Be ready to talk to a cloud of clouds.yaml, or to the one of the variables.

    Nothing is sent yet. Raises `errors.ConfigurationError` for what is missing.
    """
    name = cloud or environ.get("OS_CLOUD")
    found = _cloud(name, environ) if name else _variables(environ)
    auth = {key.replace("-", "_"): value for key, value in (found.get("auth") or {}).items()}
    kind = found.get("auth_type") or ("token" if "token" in auth else "password")
    verify = str(found.get("verify", True)).lower() not in NO
    return Login(
        session=_session(kind, auth, found, verify),
        region=found.get("region_name"),
        interface=(found.get("interface") or "public").removesuffix("URL"),
        endpoint=found.get("image_endpoint_override"),
    )


def _session(kind: str, auth: Mapping[str, Any], found: Mapping[str, Any], verify: bool) -> Any:
    from keystoneauth1 import exceptions, loading, session

    try:
        loader: Any = loading.get_plugin_loader(kind)
        known = {
            alias.replace("-", "_"): option.dest
            for option in loader.get_options()
            for alias in (option.name, *(each.name for each in option.deprecated))
        }
        # Newer variables go before older ones of the same meaning.
        given = {known[name]: auth[name] for name in reversed(known) if auth.get(name)}
        plugin = loader.load_from_options(**given)
    except exceptions.ClientException as exc:
        raise errors.ConfigurationError(
            reason=f"the login of the other cloud is not complete: {exc}; give --os-cloud, or "
            "OS_AUTH_URL and the other variables that the openstack command takes"
        ) from exc
    certificate = found.get("cert")
    if certificate and found.get("key"):
        certificate = (certificate, found["key"])
    return session.Session(
        auth=plugin,
        verify=(found.get("cacert") or True) if verify else False,
        cert=certificate,
        timeout=600,
        connect_retries=3,
        user_agent="glance-shim",
    )


def _variables(environ: Mapping[str, str]) -> dict[str, Any]:
    given = {
        name.removeprefix("OS_").lower(): value
        for name, value in environ.items()
        if name.startswith("OS_") and value
    }
    return {
        **{
            name: given[name]
            for name in ("auth_type", "region_name", "interface", "cacert", "cert", "key")
            if name in given
        },
        "image_endpoint_override": given.get("image_endpoint_override"),
        "verify": given.get("insecure", "").lower() not in YES,
        "auth": given,
    }


def _cloud(name: str, environ: Mapping[str, str]) -> dict[str, Any]:
    for file in _files(environ):
        clouds = _read(file).get("clouds") or {}
        if name not in clouds:
            continue
        found = clouds[name]
        secret = _read(file.with_name("secure.yaml")).get("clouds") or {}
        found = _merged(found, secret.get(name) or {})
        if "profile" in found:
            raise errors.ConfigurationError(
                reason=f"{file}: the cloud {name} has a profile, which is not understood here; "
                "write out its auth_url, or use OS_ variables"
            )
        return found
    raise errors.ConfigurationError(
        reason=f"no cloud {name} in {', '.join(map(str, _files(environ))) or 'any clouds.yaml'}"
    )


def _files(environ: Mapping[str, str]) -> list[Path]:
    named = environ.get("OS_CLIENT_CONFIG_FILE")
    usual = [
        Path("clouds.yaml"),
        Path(environ.get("HOME", "/")) / ".config" / "openstack" / "clouds.yaml",
        Path("/etc/openstack/clouds.yaml"),
    ]
    return [file for file in ([Path(named)] if named else usual) if file.exists()]


def _read(file: Path) -> dict[str, Any]:
    """A mapping in a file; nothing if there is no file."""
    if not file.exists():
        return {}
    try:
        found = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as exc:
        raise errors.ConfigurationError(reason=f"{file} cannot be read as YAML") from exc
    if not isinstance(found or {}, dict):
        raise errors.ConfigurationError(reason=f"{file} does not hold names and values")
    return found or {}


def _merged(found: Mapping[str, Any], secret: Mapping[str, Any]) -> dict[str, Any]:
    both = {**found, **secret}
    both["auth"] = {**(found.get("auth") or {}), **(secret.get("auth") or {})}
    return both


def projects(file: Path | None) -> dict[str, str]:
    """Ids of projects there and here, from a YAML file; raises `errors.ConfigurationError`."""
    found = _read(file) if file else {}
    return dict(_texts(found))


def _texts(found: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    for there, here in found.items():
        if not isinstance(there, str) or not isinstance(here, str):
            raise errors.ConfigurationError(
                reason=f"project ids must be text; put {there} and {here} in quotes"
            )
        yield there, here
