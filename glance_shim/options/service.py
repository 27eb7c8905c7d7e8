"""Options of the service itself: where it listens, who may ask, what it keeps where."""

from __future__ import annotations

from oslo_config import cfg

from glance_shim.options.types import Network, words

OPTIONS: dict[str, list[cfg.Opt]] = {
    "DEFAULT": [
        cfg.StrOpt(
            "auth_strategy",
            default="embedded",
            choices=["embedded", "keystone", "none", "http_basic", "admin_token", "front"],
            help="Who says who is asking: the identity service of this program "
            "(embedded), a Keystone (see keystone_authtoken), nobody (none: every caller is "
            "an administrator; only on a loopback address), HTTP Basic with the users of the "
            "embedded identity, one fixed token, or a front that has authenticated the caller "
            "(see front_networks).",
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
        words(
            "front_networks",
            default=[],
            item_type=Network(),
            help="Networks (CIDR) of the front of auth_strategy front. From there, and from "
            "nowhere else, the identity headers of keystonemiddleware are believed.",
        ),
        cfg.StrOpt(
            "public_endpoint",
            help="The URL under which clients reach this service, without a version. Used in "
            "the versions document and the catalog; default: taken from each request.",
        ),
        words(
            "allowed_hosts",
            default=[],
            help="Names and addresses, without ports, under which the service answers, besides "
            "that of public_endpoint. Requests for another host are answered 400, but for "
            "/healthcheck. Default: any.",
        ),
        cfg.StrOpt(
            "mount_path",
            default="",
            help="Path under which everything is served, for example /image, when a proxy in "
            "front passes the path on unchanged.",
        ),
        cfg.BoolOpt(
            "dashboard_enabled",
            default=True,
            help="Serve pages for people at /dashboard, to which a browser that asks for / is "
            "led. There are none with auth_strategy admin_token, which knows no people.",
        ),
        cfg.StrOpt(
            "dashboard_secret_key",
            secret=True,
            help="A long random text that protects the sessions of the dashboard, the same on "
            "every host that serves it. Default: one that is made, and kept in state_path, "
            "which is enough where there is only one host.",
        ),
        cfg.IntOpt(
            "dashboard_session_idle",
            default=1800,
            min=60,
            help="Seconds without a page after which somebody has to log in again.",
        ),
        cfg.IntOpt(
            "dashboard_session_life",
            default=28800,
            min=60,
            help="Seconds after which somebody has to log in again whatever happens.",
        ),
        cfg.IntOpt(
            "dashboard_sessions_per_user",
            default=10,
            min=1,
            help="Browsers in which one user can be logged in; one more ends the session that "
            "was used the longest time ago.",
        ),
        cfg.HostAddressOpt("bind_host", default="127.0.0.1", help="Address to listen on."),
        cfg.PortOpt("bind_port", default=9292, help="Port to listen on."),
        cfg.IntOpt("workers", default=2, min=1, help="Number of server processes."),
        cfg.IntOpt(
            "threads",
            default=64,
            min=2,
            help="Threads of each process; each request and each transfer holds one. There "
            "are as many more for data that clients send, which let all others go first.",
        ),
        cfg.IntOpt(
            "client_socket_timeout",
            default=60,
            min=1,
            help="Seconds without a byte from or to a client after which it is given up, and "
            "in which a body of less than 100 kB has to arrive whole.",
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
    "cors": [
        words(
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
