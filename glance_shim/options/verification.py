"""Options of looking after image data that is stored."""

from __future__ import annotations

from oslo_config import cfg

OPTIONS: dict[str, list[cfg.Opt]] = {
    "DEFAULT": [
        cfg.BoolOpt(
            "verify_downloads",
            default=False,
            help="Compare whole downloads with the hash of the image while they leave, and "
            "break off before the end of what is damaged. It takes a core a second for each "
            "700 MB; ranges, data from the cache and what others send are not compared.",
        ),
    ],
    "verification": [
        cfg.IntOpt(
            "light_hours",
            default=24,
            min=0,
            help="Hours after which it is looked anew whether the data of every image is there "
            "and has the right size, by any one of the servers and workers; 0 means never.",
        ),
        cfg.IntOpt(
            "deep_hours",
            default=168,
            min=0,
            help="Hours after which all data is read anew and compared with the hashes of the "
            "images; 0 means never.",
        ),
        cfg.IntOpt(
            "rate",
            default=50,
            min=0,
            help="MiB that are read in a second for that; 0 means as many as can be.",
        ),
        cfg.BoolOpt(
            "repair",
            default=True,
            help="Write a damaged copy anew from another store that has a good one. Without "
            "it damaged copies are only reported, and not served.",
        ),
    ],
    "recovery": [
        cfg.IntOpt(
            "orphan_hours",
            default=24,
            min=0,
            help="Hours without a change after which data that nothing refers to is one of the "
            "orphans that 'glance-shim recover' lists.",
        ),
        cfg.IntOpt(
            "empty_days",
            default=7,
            min=0,
            help="Days after which 'glance-shim recover' lists images that have no data yet.",
        ),
    ],
}
