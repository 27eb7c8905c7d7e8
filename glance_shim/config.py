"""Every option, with its help, under the names of glance-api.conf.

`load` reads the files once and returns frozen values; nothing reads a file or
the environment after that.
"""

from __future__ import annotations

import ipaddress
import os
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from oslo_config import cfg
from oslo_config import types as option_types

from glance_shim import errors

DISK_FORMATS = [
    "ami",
    "ari",
    "aki",
    "vhd",
    "vhdx",
    "vmdk",
    "raw",
    "qcow2",
    "vdi",
    "iso",
    "ploop",
]
CONTAINER_FORMATS = ["ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"]

PORT = option_types.Integer(min=1, max=65535)


class Network(option_types.ConfigType):
    """A network as 10.0.0.0/8, or one address."""

    def __init__(self) -> None:
        super().__init__("network value")

    def __call__(self, value: Any) -> Any:
        return ipaddress.ip_network(value)

    def _formatter(self, value: Any) -> str:
        return str(value)


OPTIONS: dict[str, list[cfg.Opt]] = {
    "DEFAULT": [
        cfg.StrOpt(
            "auth_strategy",
            default="embedded",
            choices=["embedded", "none", "http_basic", "admin_token"],
            help="Who says who is asking: the identity service of this program "
            "(embedded), nobody (none: every caller is an administrator; only on a "
            "loopback address), HTTP Basic with the users of the embedded identity, or one "
            "fixed token.",
        ),
        cfg.StrOpt(
            "admin_token",
            secret=True,
            help="The fixed token of auth_strategy admin_token, at least 16 characters.",
        ),
        cfg.StrOpt(
            "standalone_project",
            default="admin",
            help="Name of the project that auth_strategy none and admin_token act for.",
        ),
        cfg.StrOpt(
            "public_endpoint",
            help="The URL under which clients reach this service, without a version. Used in "
            "the versions document and the catalog; default: taken from each request.",
        ),
        cfg.StrOpt(
            "mount_path",
            default="",
            help="Path under which everything is served, for example /image, when a proxy in "
            "front passes the path on unchanged.",
        ),
        cfg.HostAddressOpt("bind_host", default="127.0.0.1", help="Address to listen on."),
        cfg.PortOpt("bind_port", default=9292, help="Port to listen on."),
        cfg.IntOpt("workers", default=2, min=1, help="Number of server processes."),
        cfg.IntOpt(
            "threads",
            default=64,
            min=2,
            help="Threads of each process; each transfer and each idle connection holds one.",
        ),
        cfg.IntOpt(
            "client_socket_timeout",
            default=60,
            min=1,
            help="Seconds without a byte from or to a client after which it is given up.",
        ),
        cfg.IntOpt(
            "graceful_timeout",
            default=3600,
            min=1,
            help="Seconds that running transfers get at a stop before they are cut.",
        ),
        cfg.StrOpt(
            "state_path",
            default="/var/lib/glance-shim",
            help="Directory for what has no place of its own.",
        ),
        cfg.BoolOpt("debug", default=False, help="Log more."),
        cfg.IntOpt(
            "image_size_cap",
            default=1 << 40,
            min=1,
            max=1 << 63,
            help="Largest image data accepted, in bytes.",
        ),
        cfg.StrOpt(
            "user_storage_quota",
            default="0",
            help="What one project may store in all, as a number with B, KB, MB, GB or TB "
            "(powers of 1024); 0 means unlimited.",
        ),
        cfg.IntOpt(
            "image_property_quota",
            default=128,
            help="Custom properties of one image; negative means unlimited.",
        ),
        cfg.IntOpt(
            "image_tag_quota", default=128, help="Tags of one image; negative means unlimited."
        ),
        cfg.IntOpt(
            "image_member_quota",
            default=128,
            help="Members of one image; negative means unlimited.",
        ),
        cfg.IntOpt(
            "limit_param_default", default=25, min=1, help="Page size when no limit is given."
        ),
        cfg.IntOpt("api_limit_max", default=1000, min=1, help="Largest page size."),
        cfg.StrOpt(
            "hashing_algorithm",
            default="sha512",
            choices=["sha256", "sha384", "sha512", "blake2b", "blake2s"],
            help="Algorithm of os_hash_value.",
        ),
        cfg.ListOpt(
            "enabled_import_methods",
            default=["glance-direct", "web-download", "copy-image"],
            item_type=option_types.String(
                choices=["glance-direct", "web-download", "copy-image", "glance-download"]
            ),
            help="Ways by which data may be imported.",
        ),
        cfg.StrOpt(
            "node_staging_uri",
            help="Directory for data that waits to be imported, as file:///path, when "
            "enabled_backends is not set; default: staging in state_path.",
        ),
        cfg.BoolOpt(
            "do_secure_hash",
            default=True,
            help="Make the hashes of data that is added by its location.",
        ),
        cfg.IntOpt(
            "http_retries",
            default=3,
            min=0,
            help="How often hashing the data at a location is tried again.",
        ),
        cfg.BoolOpt(
            "show_image_direct_url",
            default=False,
            help="Show where the data lies as direct_url.",
        ),
        cfg.BoolOpt(
            "delayed_delete",
            default=False,
            help="Keep the data of a deleted image for scrub_time seconds.",
        ),
        cfg.IntOpt(
            "scrub_time",
            default=0,
            min=0,
            help="Seconds between the deletion of an image and that of its data.",
        ),
        cfg.StrOpt(
            "property_protection_file",
            help="File with the rules that protect custom properties.",
        ),
        cfg.StrOpt(
            "property_protection_rule_format",
            default="roles",
            choices=["roles", "policies"],
            help="What the values in property_protection_file are.",
        ),
        cfg.StrOpt(
            "image_schema_file",
            help="JSON file with further image properties (Glance's schema-image.json).",
        ),
        cfg.BoolOpt(
            "allow_anonymous_access",
            default=False,
            help="Let callers without a token read public images.",
        ),
        cfg.IntOpt(
            "max_request_id_length",
            default=64,
            min=36,
            help="Longest request id taken from a client.",
        ),
        cfg.IntOpt(
            "max_json_body", default=1 << 20, min=1024, help="Largest JSON body, in bytes."
        ),
        cfg.StrOpt(
            "signature_certificates_dir",
            help="Directory with the certificates for signed images, each <uuid>.pem.",
        ),
        cfg.StrOpt(
            "image_cache_dir",
            help="Directory of the image cache, on a fast disk and for nothing else; without "
            "it there is no cache.",
        ),
        cfg.IntOpt(
            "image_cache_max_size",
            default=10 << 30,
            min=0,
            help="Bytes that the cache may hold before another image comes in.",
        ),
        cfg.IntOpt(
            "image_cache_stall_time",
            default=86400,
            min=1,
            help="Seconds without any data after which an image on its way into the cache is "
            "given up.",
        ),
        cfg.StrOpt(
            "image_cache_driver",
            default="centralized_db",
            choices=["centralized_db", "sqlite", "xattr"],
            help="Entries of the cache are always kept in the database; with sqlite or xattr "
            "nobody is told which nodes hold an image.",
        ),
        cfg.StrOpt(
            "worker_self_reference_url",
            help="The URL that stands for this node; the entries of its cache are kept under "
            "it. Default: made of the name of the host, so set it where that changes.",
        ),
        cfg.DictOpt(
            "enabled_backends",
            help="Stores by name and type, for example fast:file,cheap:file. Each has its "
            "options in a section of its own name.",
        ),
    ],
    "image_format": [
        cfg.BoolOpt(
            "require_image_format_match",
            default=True,
            help="Refuse data whose content is not of the declared disk_format.",
        ),
        cfg.ListOpt(
            "gpt_safety_checks_nonfatal",
            default=[],
            help="Safety checks of a partition table that do not refuse the data; mbr is one.",
        ),
        cfg.ListOpt(
            "vmdk_allowed_types",
            default=["streamOptimized", "monolithicSparse"],
            help="Kinds of vmdk that may be converted.",
        ),
        cfg.ListOpt("disk_formats", default=DISK_FORMATS, help="Accepted disk formats."),
        cfg.ListOpt(
            "container_formats", default=CONTAINER_FORMATS, help="Accepted container formats."
        ),
    ],
    "database": [
        cfg.StrOpt(
            "connection",
            secret=True,
            help="URL of the database, for example sqlite:////var/lib/glance-shim/glance.db.",
        ),
        cfg.IntOpt(
            "max_pool_size", default=80, min=1, help="Connections one process keeps at most."
        ),
    ],
    "glance_store": [
        cfg.StrOpt("default_backend", help="The store used when a request names none."),
        cfg.StrOpt(
            "filesystem_store_datadir",
            help="Directory of the only store, when enabled_backends is not set.",
        ),
    ],
    "os_glance_staging_store": [
        cfg.StrOpt(
            "filesystem_store_datadir",
            help="Directory for data that waits to be imported, when enabled_backends is "
            "set; default: staging in state_path.",
        ),
    ],
    "task": [
        cfg.IntOpt(
            "task_time_to_live",
            default=48,
            min=0,
            help="Hours that a task can be looked at after its end.",
        ),
        cfg.IntOpt(
            "workers",
            default=4,
            min=0,
            help="Tasks that one process does at the same time; 0 leaves them to others.",
        ),
    ],
    "import_filtering_opts": [
        cfg.ListOpt("allowed_schemes", default=["http", "https"], help="Schemes of URLs."),
        cfg.ListOpt("disallowed_schemes", default=[], help="Used without allowed_schemes."),
        cfg.ListOpt(
            "allowed_hosts",
            default=[],
            help="If set, only these hosts; they may have any address.",
        ),
        cfg.ListOpt("disallowed_hosts", default=[], help="Used without allowed_hosts."),
        cfg.ListOpt(
            "allowed_ports",
            default=[80, 443],
            item_type=PORT,
            help="Ports that URLs may name.",
        ),
        cfg.ListOpt(
            "disallowed_ports",
            default=[],
            item_type=PORT,
            help="Used without allowed_ports.",
        ),
        cfg.ListOpt(
            "allowed_networks",
            default=[],
            item_type=Network(),
            help="Networks (CIDR) that may be reached though they are not public.",
        ),
        cfg.BoolOpt(
            "refuse_private_networks",
            default=True,
            help="Refuse every address that is not public; else only loopback and link-local "
            "ones, as Glance does.",
        ),
    ],
    "image_import_opts": [
        cfg.ListOpt(
            "image_import_plugins",
            default=[],
            item_type=option_types.String(
                choices=[
                    "no_op",
                    "inject_image_metadata",
                    "image_decompression",
                    "image_conversion",
                ]
            ),
            help="What is done to imported data, in this order.",
        ),
    ],
    "inject_metadata_properties": [
        cfg.DictOpt("inject", default={}, help="Properties that imported images get."),
        cfg.ListOpt(
            "ignore_user_roles",
            default=["admin"],
            help="Roles whose imports do not get the properties.",
        ),
    ],
    "image_conversion": [
        cfg.StrOpt(
            "output_format",
            default="raw",
            choices=["raw", "qcow2", "vmdk"],
            help="The disk format that imported data is converted to.",
        ),
    ],
    "glance_download_properties": [
        cfg.ListOpt(
            "extra_properties",
            default=["hw_", "trait:", "os_distro", "os_secure_boot", "os_type"],
            help="Beginnings of the names of properties that glance-download takes over.",
        ),
    ],
    "oslo_policy": [
        cfg.StrOpt("policy_file", help="File whose rules replace the default ones."),
    ],
    "oslo_middleware": [
        cfg.BoolOpt(
            "enable_proxy_headers_parsing",
            default=False,
            help="Believe X-Forwarded-* headers. Only behind a proxy that sets them itself.",
        ),
    ],
    "healthcheck": [
        cfg.StrOpt(
            "disable_by_file_path",
            help="While this file exists, /healthcheck answers 503.",
        ),
    ],
    "cors": [
        cfg.ListOpt(
            "allowed_origin",
            default=[],
            help="Origins whose pages may call this service from a browser.",
        ),
        cfg.IntOpt("max_age", default=3600, help="Seconds a browser may keep a preflight."),
    ],
    "identity": [
        cfg.IntOpt(
            "token_expiration", default=3600, min=300, help="Life of a token, in seconds."
        ),
        cfg.StrOpt("region", default="RegionOne", help="Region named in the catalog."),
        cfg.IntOpt(
            "password_checks_at_once",
            default=2,
            min=1,
            help="Password verifications one process does at the same time.",
        ),
    ],
}

# Options of a store's own section, by store type.
STORE_OPTIONS: dict[str, list[cfg.Opt]] = {
    "file": [
        cfg.StrOpt("filesystem_store_datadir", help="Directory that holds the data."),
    ],
    "http": [],
}
COMMON_STORE_OPTIONS: list[cfg.Opt] = [
    cfg.StrOpt("store_description", default="", help="Shown by 'openstack image stores list'."),
    cfg.IntOpt("weight", default=0, min=0, help="Stores with a higher weight are read first."),
]


class Values(types.SimpleNamespace):
    """Option values by name, and one `Values` per section; frozen."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

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
        backends = conf.enabled_backends or {}
        for store_id, store_type in backends.items():
            _register_store(conf, store_id, store_type, (overrides or {}).get(store_id, {}))
        sections = {
            section: _values(conf if section == "DEFAULT" else conf[section], options)
            for section, options in OPTIONS.items()
        }
        values = sections.pop("DEFAULT")
        values.update({section: Values(content) for section, content in sections.items()})
        values["backends"] = {
            store_id: Values(
                _values(conf[store_id], STORE_OPTIONS[store_type] + COMMON_STORE_OPTIONS)
                | {"type": store_type}
            )
            for store_id, store_type in backends.items()
        }
    except (cfg.Error, ValueError, TypeError) as exc:
        raise errors.ConfigurationError(reason=str(exc)) from exc
    return Values(values)


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


def _values(source: Any, options: Sequence[cfg.Opt]) -> dict[str, Any]:
    return {option.dest: getattr(source, option.dest) for option in options}
