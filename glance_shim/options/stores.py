"""Options of stores, and of the cache before them."""

from __future__ import annotations

from oslo_config import cfg

OPTIONS: dict[str, list[cfg.Opt]] = {
    "DEFAULT": [
        cfg.DictOpt(
            "enabled_backends",
            help="Stores by name and type, for example fast:file,cheap:file. Each has its "
            "options in a section of its own name.",
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
    ],
    "glance_store": [
        cfg.StrOpt("default_backend", help="The store used when a request names none."),
        cfg.StrOpt(
            "filesystem_store_datadir",
            help="Directory of the only store, when enabled_backends is not set.",
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
