"""Options of images and what they may hold."""

from __future__ import annotations

from oslo_config import cfg

from glance_shim.options.types import words

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

OPTIONS: dict[str, list[cfg.Opt]] = {
    "DEFAULT": [
        cfg.IntOpt(
            "image_size_cap",
            default=1 << 40,
            min=1,
            max=1 << 63,
            help="Largest image data accepted, in bytes.",
        ),
        cfg.IntOpt(
            "upload_lease_seconds",
            default=120,
            min=15,
            help="Seconds without a sign of life from an upload after which its process counts "
            "as dead: the image takes data again, and what was written is removed. More than "
            "a client or a store may pause.",
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
            "image_activity_quota",
            default=200,
            help="Entries of activity (who shared, accepted, changed what, and when) kept of "
            "one image, the oldest go; 0 keeps none, negative means unlimited.",
        ),
        cfg.IntOpt(
            "image_location_quota",
            default=10,
            help="Locations of one image; negative means unlimited.",
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
        cfg.BoolOpt(
            "show_image_direct_url",
            default=False,
            help="Show where the data lies as direct_url.",
        ),
        cfg.BoolOpt(
            "show_multiple_locations",
            default=False,
            help="Show every place the data lies at as locations, and let those who may "
            "change an image add and replace them. Who can write where a location leads can "
            "replace the data of the image, so this is for closed installations; the calls "
            "below /v2/images/{image_id}/locations work without it.",
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
        cfg.StrOpt(
            "signature_certificates_dir",
            help="Directory with the certificates for signed images, each <uuid>.pem.",
        ),
    ],
    "image_format": [
        cfg.BoolOpt(
            "require_image_format_match",
            default=True,
            help="Refuse data whose content is not of the declared disk_format.",
        ),
        words(
            "gpt_safety_checks_nonfatal",
            default=[],
            help="Safety checks of a partition table that do not refuse the data; mbr is one.",
        ),
        words(
            "vmdk_allowed_types",
            default=["streamOptimized", "monolithicSparse"],
            help="Kinds of vmdk that may be converted.",
        ),
        words("disk_formats", default=DISK_FORMATS, help="Accepted disk formats."),
        words(
            "container_formats", default=CONTAINER_FORMATS, help="Accepted container formats."
        ),
    ],
}
