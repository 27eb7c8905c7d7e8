"""Every option, with its help, under the names of glance-api.conf."""

from __future__ import annotations

from oslo_config import cfg

from glance_shim.options import (
    images,
    imports,
    keystone,
    limits,
    metadefs,
    monitoring,
    notifications,
    service,
    stores,
    verification,
)

STORE_OPTIONS = stores.STORE_OPTIONS
COMMON_STORE_OPTIONS = stores.COMMON_STORE_OPTIONS
AUTH_SECTIONS = keystone.AUTH_SECTIONS
OPTIONS: dict[str, list[cfg.Opt]] = {}
for module in (
    service,
    limits,
    keystone,
    images,
    imports,
    stores,
    metadefs,
    notifications,
    verification,
    monitoring,
):
    for section, options in module.OPTIONS.items():
        OPTIONS.setdefault(section, []).extend(options)
