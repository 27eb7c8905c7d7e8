"""Looking at a deployment: what is wrong with it, and what to do about that.

Nothing is changed. Each thing is looked at by itself, so that one that is
broken does not hide another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from glance_shim import config, deployment, errors
from glance_shim.doctor import machine, parts, proxies, secret_files, writable
from glance_shim.doctor.finding import OK, PROBLEM, WARNING, Finding, ok, problem, warning
from glance_shim.options import foreign

__all__ = ["OK", "PROBLEM", "WARNING", "Finding", "examine"]

LOOKS = (
    machine.user,
    secret_files.look,
    writable.look,
    parts.database,
    parts.stores,
    parts.identity,
    parts.dashboard,
    machine.room,
    machine.clocks,
    machine.limits,
    machine.programs,
    parts.service,
    parts.links,
    proxies.look,
)


def examine(files: Sequence[str]) -> Iterator[Finding]:
    """How it is with the deployment that the option files describe."""
    try:
        options = config.load(files)
    except errors.ConfigurationError as exc:
        yield problem("configuration", str(exc), "correct the option in the file")
        return
    yield _configuration(files, options)
    if options.unused:
        yield warning(
            "configuration",
            f"options that are not used: {foreign.explained(options.unused)}",
            "remove them, or look for a misspelling in 'glance-shim config sample'",
        )
    try:
        built = deployment.build(options)
    except errors.Error as exc:
        yield problem("configuration", str(exc), "correct the option in the file")
        return
    for look in LOOKS:
        yield from look(built, files)


def _configuration(files: Sequence[str], options: config.Values) -> Finding:
    if files:
        return ok("configuration", f"read from {', '.join(files)}")
    return warning(
        "configuration",
        "no file is read; everything is at its default",
        "name one with --config-file, or write /etc/glance-shim/glance-shim.conf",
    )
