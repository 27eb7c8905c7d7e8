"""Options of telling others what happened."""

from __future__ import annotations

from oslo_config import cfg

from glance_shim.options.types import words

OPTIONS: dict[str, list[cfg.Opt]] = {
    "DEFAULT": [
        cfg.StrOpt(
            "default_publisher_id",
            default="image.localhost",
            help="Who notifications say that they come from.",
        ),
        words(
            "disabled_notifications",
            default=[],
            help="Events that nobody is told of: a type such as image.send, or a group such as "
            "image, which is all before the first dot.",
        ),
        cfg.StrOpt(
            "audit_log_file",
            help="File to which the audit log is appended, a line of JSON each; it may be "
            "rotated. Default: the lines are in the log of the service. Only with a file does "
            "it hold what is done with the commands of glance-shim.",
        ),
        cfg.StrOpt(
            "notification_webhook_url",
            secret=True,
            help="Where the driver webhook posts each notification, as JSON.",
        ),
    ],
    "audit_middleware_notifications": [
        cfg.StrOpt(
            "driver",
            default="log",
            help="log writes an audit log: logins, sharing and the answers to it, changes of "
            "visibility and status, deletions, what administrators change, and what was "
            "refused. noop writes none.",
        ),
    ],
    "oslo_messaging_notifications": [
        cfg.MultiStrOpt(
            "driver",
            default=[],
            help="How notifications are told: log, webhook, noop, or the name of a driver that "
            "is installed (entry points glance_shim.notifications).",
        ),
    ],
}
