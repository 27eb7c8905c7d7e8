"""Putting the parts of a service together, once, from the configuration."""

from __future__ import annotations

import os
import re
from typing import Any

from glance_shim import audit, errors, notifications
from glance_shim.config import Values
from glance_shim.context import Deployment
from glance_shim.core import image_schema, quotas
from glance_shim.core.identity import keystone, keystone_limits, tokens
from glance_shim.core.transfers import Transfers
from glance_shim.db import connection
from glance_shim.db import quotas as own_quotas
from glance_shim.policy import enforcer, protections
from glance_shim.stores import open_stores


def build(config: Values) -> Deployment:
    """The deployment that ``config`` describes; nothing is started.

    Raises `errors.ConfigurationError` for what cannot work.
    """
    _check(config)
    # Whatever is made from here on, by whatever library, is for its owner only.
    os.umask(0o077)
    policy = enforcer.load(config.oslo_policy.policy_file)
    return Deployment(
        config=config,
        database=connection.open_database(
            config.database.connection, config.database.max_pool_size
        ),
        stores=open_stores(config),
        policy=policy,
        protections=protections.load(
            config.property_protection_file, config.property_protection_rule_format, policy
        ),
        extra_properties=image_schema.load(config.image_schema_file),
        tokens=_tokens(config),
        notifier=notifications.build(config),
        audit=audit.build(config),
        quotas=_quotas(config),
        transfers=Transfers(config.max_uploads, config.max_downloads, config.threads),
    )


def _tokens(config: Values) -> Any:
    """Who knows what a token is worth: the identity of our own, or a Keystone."""
    if config.auth_strategy != "keystone":
        return tokens
    options = config.keystone_authtoken
    return keystone.Tokens(keystone.Keystone(options, "keystone_authtoken"), options)


def _quotas(config: Values) -> Any:
    """Who knows what a project may have: a table of our own, or a Keystone."""
    if not config.use_keystone_limits:
        return own_quotas
    options = config.oslo_limit
    return keystone_limits.Limits(keystone.Keystone(options, "oslo_limit"), options)


def _check(config: Any) -> None:
    quotas.parse_size(config.user_storage_quota)
    mount = config.mount_path
    if mount and (not mount.startswith("/") or mount.endswith("/")):
        raise errors.ConfigurationError(
            reason="mount_path must begin with a slash and not end with one"
        )
    for url in (mount, config.public_endpoint or ""):
        path = re.sub(r"^\w+://[^/]*", "", url)
        if re.search(r"/v[0-9.]+(/|$)", path):
            raise errors.ConfigurationError(
                reason=f"the path {path} looks like an API version, at which some clients cut "
                "the address; choose another mount_path or public_endpoint"
            )
    if config.auth_strategy == "admin_token" and len(config.admin_token or "") < 16:
        raise errors.ConfigurationError(
            reason="auth_strategy admin_token needs an admin_token of at least 16 characters"
        )
    if config.auth_strategy == "front" and not config.front_networks:
        raise errors.ConfigurationError(
            reason="auth_strategy front believes what it is told and needs front_networks, the "
            "addresses of those that may tell it"
        )
    loopback = config.bind_host in ("127.0.0.1", "::1", "localhost")
    if config.auth_strategy == "none" and not loopback:
        raise errors.ConfigurationError(
            reason="auth_strategy none makes everybody an administrator and is only possible "
            "with bind_host 127.0.0.1 or ::1"
        )
