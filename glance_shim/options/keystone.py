"""Options of a Keystone that judges tokens and holds limits."""

from __future__ import annotations

from oslo_config import cfg

from glance_shim.options.types import words

# Sections that, besides the options below, take those of the plugin that
# auth_type names: username, password, project_name and so on.
AUTH_SECTIONS = ("keystone_authtoken", "oslo_limit")

COMMON: list[cfg.Opt] = [
    cfg.StrOpt("auth_type", help="Plugin with which this service logs in, such as password."),
    cfg.StrOpt("auth_section", help="Another section that has the options of the plugin."),
    cfg.StrOpt("cafile", help="File with the authorities that a server must be known to."),
    cfg.StrOpt("certfile", help="File with the certificate of this client."),
    cfg.StrOpt("keyfile", help="File with the key of this client."),
    cfg.BoolOpt("insecure", default=False, help="Do not look at certificates."),
    cfg.StrOpt("region_name", help="Region whose identity endpoint is asked."),
]

OPTIONS: dict[str, list[cfg.Opt]] = {
    "DEFAULT": [
        cfg.BoolOpt(
            "use_keystone_limits",
            default=False,
            help="Take the limits of projects from Keystone instead of our own.",
        ),
    ],
    "keystone_authtoken": [
        *COMMON,
        cfg.StrOpt(
            "www_authenticate_uri",
            help="The URL of Keystone that refused clients are told; default: auth_url.",
        ),
        cfg.StrOpt(
            "interface", default="internal", help="Interface of Keystone that is asked."
        ),
        cfg.StrOpt(
            "service_type",
            default="image",
            help="The type under which the catalog has this service; access rules of "
            "application credentials are looked up by it.",
        ),
        cfg.IntOpt(
            "http_connect_timeout",
            default=10,
            min=1,
            help="Seconds that Keystone may take to answer.",
        ),
        cfg.IntOpt(
            "http_request_max_retries",
            default=3,
            min=0,
            help="How often a connection to Keystone that failed is tried again.",
        ),
        cfg.IntOpt(
            "token_cache_time",
            default=300,
            min=-1,
            help="Seconds that Keystone's word on a token is believed, at most to the end of "
            "the token; so long a revoked one may go on. -1: ask each time.",
        ),
        words(
            "service_token_roles",
            default=["service"],
            help="Roles that let a service go on with an expired token of a user.",
        ),
        cfg.BoolOpt(
            "service_token_roles_required",
            default=True,
            help="Refuse service tokens without one of service_token_roles.",
        ),
    ],
    "oslo_limit": [
        *COMMON,
        cfg.StrOpt("endpoint_id", help="Id of this service's endpoint, whose limits count."),
        cfg.StrOpt(
            "endpoint_service_type", help="Without endpoint_id: the type of its service."
        ),
        cfg.StrOpt(
            "endpoint_service_name", help="Without endpoint_id: the name of its service."
        ),
        cfg.StrOpt("endpoint_region_name", help="Without endpoint_id: its region."),
        cfg.StrOpt(
            "endpoint_interface", default="public", help="Without endpoint_id: its interface."
        ),
    ],
    "paste_deploy": [
        cfg.StrOpt(
            "flavor",
            help="With keystone in it, and no auth_strategy, tokens are those of a Keystone.",
        ),
    ],
}
