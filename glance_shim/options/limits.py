"""Options of what one request may ask, and how often somebody may guess."""

from __future__ import annotations

from oslo_config import cfg

from glance_shim.options.types import words

OPTIONS: dict[str, list[cfg.Opt]] = {
    "DEFAULT": [
        cfg.IntOpt(
            "max_json_depth",
            default=32,
            min=4,
            max=200,
            help="How deep lists and objects of a JSON body may be in each other.",
        ),
        cfg.IntOpt(
            "max_patch_operations",
            default=200,
            min=1,
            help="Operations in one PATCH of an image.",
        ),
        cfg.IntOpt("max_sort_keys", default=3, min=1, max=20, help="Sort keys of one list."),
        cfg.IntOpt(
            "max_property_filters",
            default=10,
            min=0,
            max=60,
            help="Filters on properties and tags of one list.",
        ),
        cfg.IntOpt(
            "max_filter_values",
            default=100,
            min=1,
            max=1000,
            help="Values of one filter that is written in:VALUE,VALUE.",
        ),
        cfg.IntOpt(
            "max_request_line",
            default=8190,
            min=256,
            max=8190,
            help="Bytes of the first line of a request, with its whole query.",
        ),
        cfg.IntOpt(
            "max_header_line",
            default=8190,
            min=256,
            max=65536,
            help="Bytes of one header. Tokens of some services are long.",
        ),
        cfg.IntOpt("max_headers", default=100, min=20, max=1000, help="Headers of a request."),
        cfg.IntOpt(
            "keepalive_timeout",
            default=15,
            min=1,
            help="Seconds that a connection is kept after an answer for another request.",
        ),
        cfg.IntOpt(
            "max_uploads",
            default=32,
            min=1,
            help="Uploads at once, of all processes of a server. Of the threads of a process "
            "a sixteenth is left to small requests whatever this says.",
        ),
        cfg.IntOpt(
            "max_downloads",
            default=256,
            min=1,
            help="Downloads at once, of all processes of a server. More than workers times "
            "threads are never made.",
        ),
        cfg.IntOpt(
            "client_header_timeout",
            default=10,
            min=1,
            help="Seconds in which the head of a request has to arrive. A client that sends a "
            "byte now and then is given up all the same.",
        ),
        cfg.IntOpt(
            "min_upload_rate",
            default=1024,
            min=0,
            help="Bytes a second that a body has to arrive with, on the average of "
            "min_upload_rate_seconds; 0 lets it arrive as slowly as client_socket_timeout "
            "allows.",
        ),
        cfg.IntOpt(
            "min_upload_rate_seconds",
            default=60,
            min=1,
            help="Seconds of waiting for a client over which min_upload_rate is measured.",
        ),
    ],
    "rate_limit": [
        cfg.IntOpt(
            "project_rate",
            default=0,
            min=0,
            help="Calls a second that a project may make to the API, over all processes of a "
            "server; 0 is no limit, because one that suits people stops the services of a "
            "cloud. 50 is a good beginning where strangers call.",
        ),
        cfg.IntOpt(
            "project_burst",
            default=200,
            min=1,
            help="Calls that a project may make at once, if it has made few before.",
        ),
        cfg.IntOpt(
            "address_rate",
            default=0,
            min=0,
            help="Calls a second that may come from an address, or an IPv6 network of 64 bits; "
            "0 is no limit, because behind one address, as that of a proxy, can be everybody. "
            "100 is a good beginning; see enable_proxy_headers_parsing.",
        ),
        cfg.IntOpt(
            "address_burst",
            default=400,
            min=1,
            help="Calls that may come from an address at once, if few have come before.",
        ),
        words(
            "exempt_roles",
            default=["admin", "service"],
            help="Roles whose calls do not count for project_rate.",
        ),
    ],
    "identity": [
        cfg.IntOpt(
            "login_failures",
            default=5,
            min=1,
            max=1000,
            help="Wrong passwords in a row, on one account from one address, after which it "
            "has to wait.",
        ),
        cfg.IntOpt(
            "login_failures_wait", default=30, min=1, help="Seconds that it has to wait then."
        ),
        cfg.IntOpt(
            "login_failures_of_address",
            default=20,
            min=1,
            max=1000,
            help="Wrong passwords in an hour from one address, on whatever account, after "
            "which it has to wait until the hour is over.",
        ),
        cfg.IntOpt(
            "login_failures_of_account",
            default=100,
            min=1,
            max=1000,
            help="Wrong passwords in an hour on one account, from wherever, after which every "
            "try takes two seconds. Nothing is ever locked.",
        ),
    ],
}
