"""Options of watching the service."""

from __future__ import annotations

from oslo_config import cfg

from glance_shim.options.types import Network, words

OPTIONS: dict[str, list[cfg.Opt]] = {
    "healthcheck": [
        cfg.StrOpt(
            "disable_by_file_path",
            help="While this file exists, /healthcheck answers 503.",
        ),
        cfg.BoolOpt(
            "detailed",
            default=False,
            help="Let /healthcheck name what is not ready: the database, or a store.",
        ),
    ],
    "metrics": [
        words(
            "allowed_networks",
            default=[],
            item_type=Network(),
            help="Networks (CIDR) from which /metrics may be read, without a token and without "
            "a proxy in between. Default: none, and there is no such path. Needs "
            "glance-shim[metrics].",
        ),
    ],
}
