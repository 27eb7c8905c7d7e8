"""Options of Glance that this service does not have, and why.

An option file that was written for Glance is read as it stands; what is in
it and means nothing here is told once, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable

SECTIONS = {
    "oslo_concurrency": "nothing here locks by files",
    "oslo_messaging_rabbit": "there is no message bus; see notification drivers",
    "oslo_messaging_kafka": "there is no message bus; see notification drivers",
    "oslo_messaging_metrics": "there is no message bus",
    "oslo_reports": "there are no guru reports",
    "profiler": "there is no osprofiler",
    "taskflow_executor": "tasks have workers of their own, see [task] workers",
    "wsgi": "the server is part of the program, see workers and threads",
    "os_glance_tasks_store": "tasks need no store of their own",
    "vault": "there is no key manager; see signature_certificates_dir",
    "barbican": "there is no key manager; see signature_certificates_dir",
    "barbican_service_user": "there is no key manager; see signature_certificates_dir",
    "key_manager": "there is no key manager; see signature_certificates_dir",
    "cinder": "there is no cinder store",
    "store_type_location_strategy": "stores are ordered by weight",
    "healthcheck": "the health check has no plugins",
}

OPTIONS = {
    ("DEFAULT", "log_file"): "log lines go to standard error",
    ("DEFAULT", "log_dir"): "log lines go to standard error",
    ("DEFAULT", "use_stderr"): "log lines go to standard error",
    ("DEFAULT", "use_syslog"): "log lines go to standard error",
    ("DEFAULT", "log_config_append"): "log lines go to standard error",
    ("DEFAULT", "transport_url"): "there is no message bus; see notification drivers",
    ("DEFAULT", "location_strategy"): "stores are ordered by weight",
    ("DEFAULT", "secure_proxy_ssl_header"): "see enable_proxy_headers_parsing",
    ("DEFAULT", "node_staging_uri"): "see [os_glance_staging_store]",
    ("DEFAULT", "digest_algorithm"): "signatures say their own",
    ("paste_deploy", "config_file"): "the order of what a request goes through is fixed",
    ("keystone_authtoken", "memcached_servers"): "tokens are remembered in each process",
    ("keystone_authtoken", "memcache_security_strategy"): "no token leaves the process",
    ("keystone_authtoken", "memcache_secret_key"): "no token leaves the process",
    ("keystone_authtoken", "delay_auth_decision"): "see allow_anonymous_access",
    ("keystone_authtoken", "include_service_catalog"): "the catalog is looked at where needed",
    ("keystone_authtoken", "auth_uri"): "see www_authenticate_uri",
    ("database", "backend"): "the connection says it",
}

UNKNOWN = "unknown here"


def explained(unused: Iterable[tuple[str, str]]) -> str:
    """Options that mean nothing here, as section and name, with their reasons."""
    by_reason: dict[str, list[str]] = {}
    for section, name in unused:
        reason = OPTIONS.get((section, name)) or SECTIONS.get(section) or UNKNOWN
        by_reason.setdefault(reason, []).append(f"[{section}] {name}")
    return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in by_reason.items())
