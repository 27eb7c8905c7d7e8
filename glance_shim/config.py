"""Reading the options.

`load` reads the files once and returns frozen values; nothing reads a file or
the environment after that.
"""

from __future__ import annotations

import os
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from oslo_config import cfg

from glance_shim import errors
from glance_shim.options import AUTH_SECTIONS, COMMON_STORE_OPTIONS, OPTIONS, STORE_OPTIONS


class Values(types.SimpleNamespace):
    """Option values by name, and one `Values` per section; frozen, and shown by name only."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def __repr__(self) -> str:
        return f"Values({', '.join(self.__dict__)})"

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"options do not change after the start: {name}")


def default_files() -> tuple[str, ...]:
    """The option files that are read when none is named."""
    named = os.environ.get("GLANCE_SHIM_CONFIG_FILE")
    usual = Path("/etc/glance-shim/glance-shim.conf")
    return (named,) if named else (str(usual),) if usual.exists() else ()


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """The options as oslo.config's sample generator takes them."""
    stores = [
        (f"<{kind} store>", [*opts, *COMMON_STORE_OPTIONS])
        for kind, opts in STORE_OPTIONS.items()
    ]
    return [*OPTIONS.items(), *stores]


def registered() -> cfg.ConfigOpts:
    """A fresh ``ConfigOpts`` that knows every option of this service."""
    conf = cfg.ConfigOpts()
    for section, options in OPTIONS.items():
        conf.register_opts(options, group=None if section == "DEFAULT" else section)
    return conf


def load(
    files: Sequence[str] = (), overrides: Mapping[str, Mapping[str, Any]] | None = None
) -> Values:
    """Read the options from ``files``, then the environment, then ``overrides``.

    ``overrides`` maps a section to names and values and wins over the rest.
    Raises `errors.ConfigurationError` with one clear line.
    """
    conf = registered()
    try:
        conf(args=[], project="glance-shim", default_config_files=list(files))
        for section, values in (overrides or {}).items():
            group = None if section == "DEFAULT" else section
            for name, value in values.items():
                if group in (None, *OPTIONS):
                    conf.set_override(name, value, group=group)
        place = conf.get_location("auth_strategy")
        unsaid = place is None or place.location == cfg.Locations.opt_default
        if unsaid and "keystone" in (conf.paste_deploy.flavor or ""):
            conf.set_override("auth_strategy", "keystone")
        backends = conf.enabled_backends or {}
        for store_id, store_type in backends.items():
            _register_store(conf, store_id, store_type, (overrides or {}).get(store_id, {}))
        sections = {
            section: _values(conf if section == "DEFAULT" else conf[section], options)
            for section, options in OPTIONS.items()
        }
        for section in AUTH_SECTIONS:
            sections[section]["login"] = _login(conf, section)
        values = sections.pop("DEFAULT")
        values.update({section: Values(content) for section, content in sections.items()})
        values["backends"] = {
            store_id: Values(
                _values(conf[store_id], STORE_OPTIONS[store_type] + COMMON_STORE_OPTIONS)
                | {"type": store_type}
            )
            for store_id, store_type in backends.items()
        }
        values["unused"] = _unused(files, conf)
    except (cfg.Error, ValueError, TypeError) as exc:
        raise errors.ConfigurationError(reason=str(exc)) from exc
    return Values(values)


def _unused(files: Sequence[str], conf: cfg.ConfigOpts) -> list[tuple[str, str]]:
    """Options in the files that nothing here reads, as section and name."""
    sections: dict[str, Any] = {}
    for file in files:
        cfg.ConfigParser(file, sections).parse()
    known = {"DEFAULT": set(conf)} | {name: set(conf[name]) for name in conf._groups}
    return [
        (section, name)
        for section, options in sections.items()
        for name in options
        if name.replace("-", "_") not in known.get(section, ())
    ]


def _register_store(
    conf: cfg.ConfigOpts, store_id: str, store_type: str, overrides: Mapping[str, Any]
) -> None:
    if store_type not in STORE_OPTIONS:
        raise ValueError(
            f"enabled_backends: store {store_id!r} has type {store_type!r}, but the types "
            f"are {', '.join(STORE_OPTIONS)}"
        )
    if store_id in OPTIONS or store_id.startswith("os_glance"):
        raise ValueError(f"enabled_backends: {store_id!r} cannot be the name of a store")
    conf.register_opts(STORE_OPTIONS[store_type] + COMMON_STORE_OPTIONS, group=store_id)
    for name, value in overrides.items():
        conf.set_override(name, value, group=store_id)


def _login(conf: cfg.ConfigOpts, section: str) -> tuple[str, dict[str, Any]] | None:
    """How this service logs in elsewhere: the name of a plugin, and its options."""
    section = conf[section].auth_section or section
    if section not in OPTIONS:
        conf.register_opts([cfg.StrOpt("auth_type")], group=section)
    plugin = conf[section].auth_type
    if plugin is None:
        return None
    # Only where it is used: this import takes longer than all the others.
    from keystoneauth1 import exceptions, loading

    try:
        options = loading.get_auth_plugin_conf_options(plugin)
    except exceptions.NoMatchingPlugin as exc:
        raise ValueError(f"[{section}] auth_type: there is no plugin {plugin!r}") from exc
    conf.register_opts(options, group=section)
    return plugin, _values(conf[section], options)


def _values(source: Any, options: Sequence[cfg.Opt]) -> dict[str, Any]:
    return {option.dest: getattr(source, option.dest) for option in options}
