"""Options of imports, tasks, and what is fetched from elsewhere."""

from __future__ import annotations

from oslo_config import cfg
from oslo_config import types as option_types

from glance_shim.options.stores import S3
from glance_shim.options.types import Network, words

PORT = option_types.Integer(min=1, max=65535)


OPTIONS: dict[str, list[cfg.Opt]] = {
    "DEFAULT": [
        words(
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
    ],
    "os_glance_staging_store": [
        cfg.StrOpt(
            "filesystem_store_datadir",
            help="Directory for data that waits to be imported, when enabled_backends is "
            "set; default: staging in state_path. Where tasks are done on several hosts it "
            "must be one that they share, or s3_store_bucket be set.",
        ),
        *S3,
    ],
    "task": [
        cfg.IntOpt(
            "task_time_to_live",
            default=48,
            min=0,
            help="Hours that a task can be looked at after its end.",
        ),
        cfg.IntOpt(
            "lease_seconds",
            default=60,
            min=4,
            help="Seconds without a sign of life from a worker after which others take over "
            "its task.",
        ),
        cfg.IntOpt(
            "workers",
            default=4,
            min=0,
            help="Tasks that one process of the server does at the same time; 0 leaves them to "
            "'glance-shim worker'.",
        ),
        cfg.IntOpt(
            "at_once_per_project",
            default=2,
            min=0,
            help="Imports of one project that are done at the same time, by whatever workers "
            "there are; the others wait. 0 is no limit.",
        ),
        cfg.IntOpt(
            "max_waiting",
            default=100,
            help="Imports of one project that wait to be done; more are refused. Negative "
            "means unlimited.",
        ),
    ],
    "import_filtering_opts": [
        words("allowed_schemes", default=["http", "https"], help="Schemes of URLs."),
        words("disallowed_schemes", default=[], help="Used without allowed_schemes."),
        words(
            "allowed_hosts",
            default=[],
            help="If set, only these hosts; they may have any address.",
        ),
        words("disallowed_hosts", default=[], help="Used without allowed_hosts."),
        words(
            "allowed_ports",
            default=[80, 443],
            item_type=PORT,
            help="Ports that URLs may name.",
        ),
        words(
            "disallowed_ports",
            default=[],
            item_type=PORT,
            help="Used without allowed_ports.",
        ),
        words(
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
        words(
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
        words(
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
        words(
            "extra_properties",
            default=["hw_", "trait:", "os_distro", "os_secure_boot", "os_type"],
            help="Beginnings of the names of properties that glance-download takes over.",
        ),
    ],
}
