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
        cfg.IntOpt(
            "free_space_percent",
            default=5,
            min=0,
            max=50,
            help="Percent of the disk of a file store, and of staging, that are left free: "
            "data that would take them is refused.",
        ),
        cfg.IntOpt(
            "free_space_mib",
            default=1024,
            min=0,
            help="MiB that are left free in any case, but not more than half of the disk.",
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
        cfg.IntOpt(
            "download_url_seconds",
            default=0,
            min=0,
            max=3600,
            help="Clients that send 'X-OpenStack-Image-Redirect: allow' are led to a URL of "
            "the object store that is good for so long, instead of getting the data from here. "
            "Who has the URL can read the data; 0 means never.",
        ),
        cfg.StrOpt(
            "internal_redirect_prefix",
            help="Let nginx send data of file stores: downloads are answered with "
            "X-Accel-Redirect to this path, the id of the store and the file. See "
            "nginx.conf.sample; only where every request comes through such a proxy.",
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

S3: list[cfg.Opt] = [
    cfg.StrOpt(
        "s3_store_host",
        help="URL of the object store, for example https://s3.example.com:7480.",
    ),
    cfg.StrOpt(
        "s3_store_region_name",
        default="",
        help="Region of the bucket; engines that have none want any or us-east-1.",
    ),
    cfg.StrOpt("s3_store_bucket", help="Bucket of this store."),
    cfg.StrOpt(
        "s3_store_prefix",
        default="",
        help="What the names of this store's objects begin with, for example images/. A bucket "
        "may be shared, but nobody else may use a beginning of it.",
    ),
    cfg.StrOpt("s3_store_access_key", secret=True, help="Access key of the object store."),
    cfg.StrOpt("s3_store_secret_key", secret=True, help="Secret key that belongs to it."),
    cfg.StrOpt(
        "s3_store_credentials_file",
        help="File with both keys, as aws_access_key_id and aws_secret_access_key in a section "
        "[default]. Without file and keys they are taken from the environment "
        "(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or from the machine's role.",
    ),
    cfg.StrOpt(
        "s3_store_cacert",
        help="File with the authorities that the certificate of the object store must be "
        "known to; default: those of the system.",
    ),
    cfg.StrOpt(
        "s3_store_bucket_url_format",
        default="auto",
        choices=["auto", "virtual", "path"],
        help="Whether the bucket is named in the host (virtual) or in the path of a URL.",
    ),
    cfg.BoolOpt(
        "s3_store_create_bucket_on_put",
        default=False,
        help="Make the bucket with the first data if there is none.",
    ),
    cfg.IntOpt(
        "s3_store_large_object_size",
        default=100,
        min=5,
        help="Data of more MiB than this goes in parts; so does what is larger than one part.",
    ),
    cfg.IntOpt(
        "s3_store_large_object_chunk_size",
        default=10,
        min=5,
        max=1024,
        help="Usual size of a part in MiB. Large data has larger parts, so that there are not "
        "too many; one upload holds up to 64 MiB of parts in memory, or two parts.",
    ),
    cfg.IntOpt(
        "s3_store_max_parts",
        default=1000,
        min=100,
        max=10000,
        help="Parts that an object may have; Swift takes 1000, others 10000.",
    ),
    cfg.IntOpt(
        "s3_store_thread_pools",
        default=4,
        min=1,
        max=64,
        help="Parts of one upload that are sent at the same time.",
    ),
]

# Options of a store's own section, by store type.
STORE_OPTIONS: dict[str, list[cfg.Opt]] = {
    "file": [
        cfg.StrOpt("filesystem_store_datadir", help="Directory that holds the data."),
    ],
    "http": [],
    "s3": S3,
}
COMMON_STORE_OPTIONS: list[cfg.Opt] = [
    cfg.StrOpt("store_description", default="", help="Shown by 'openstack image stores list'."),
    cfg.IntOpt("weight", default=0, min=0, help="Stores with a higher weight are read first."),
]
