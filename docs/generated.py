"""What the pages of the reference take from the program itself.

A line that ends in ``<!-- generated: NAME -->`` is replaced by what the function
of that name in `PARTS` makes. Nothing of it is kept in a file.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence

import click
import flask
from oslo_config import cfg

from glance_shim import config, deployment, errors
from glance_shim.api import metrics, openapi
from glance_shim.api.errors import STATUS
from glance_shim.app import create_app
from glance_shim.cli import cli
from glance_shim.core import events, figures
from glance_shim.db import connection, schema
from glance_shim.policy import rules

# What a reader calls the types of oslo.config, where that is another word.
TYPES = {
    "Dict": "names and values",
    "HostAddress": "text",
    "String": "text",
    "Words": "list",
}

# What is built tells nobody that it has made itself a database.
for name in ("glance_shim", "peewee"):
    logging.getLogger(name).setLevel(logging.ERROR)

MARK = re.compile(r"^.*<!-- generated: (\w+) -->$", re.M)


def fill_in(page: str) -> str:
    """The page with every mark replaced; raises ``KeyError`` for one that nobody makes."""
    return MARK.sub(lambda mark: PARTS[mark[1]](), page)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(text) for text in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _code(words: Iterable[str], between: str = ", ") -> str:
    return between.join(f"`{word}`" for word in words)


def options() -> str:
    """Every option, section by section."""
    parts = []
    for section, known in config.list_opts():
        parts.append(f"## [{section}]\n".replace("<", "\\<"))
        parts += [_option(section, each) for each in known]
    return "\n".join(parts)


def _option(section: str, option: cfg.Opt) -> str:
    name = option.name if section == "DEFAULT" else f"[{section}] {option.name}"
    fields = {"type": _type(option), "default": _default(option)}
    said = "".join(f":{key}: {value}\n" for key, value in fields.items() if value)
    return f"```{{confval}} {name}\n{said}\n{option.help}\n```\n"


def _type(option: cfg.Opt) -> str:
    kind = option.type
    word = TYPES.get(type(kind).__name__, type(kind).__name__.lower())
    if getattr(kind, "choices", None):
        return f"one of {_code(kind.choices)}"
    if option.multi:
        return f"{word}, may be given more than once"
    bounds = [getattr(kind, name, None) for name in ("min", "max")]
    words_of_bounds = [
        f"{word} {bound}" for word, bound in zip(("from", "to"), bounds, strict=True) if bound
    ]
    return " ".join([word, *words_of_bounds])


def _default(option: cfg.Opt) -> str:
    value = option.default
    if value in (None, "", [], {}):
        return ""
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"`{text.lower() if isinstance(value, bool) else text}`"


def policy() -> str:
    """Every rule with its check and the operations it guards."""
    return "\n\n".join(
        f"`{rule.name}`\n: {rule.sentence}\n\n  Unless changed: `{rule.check or '@'}`\n\n"
        f"  {_code(rule.operations)}"
        for rule in rules.RULES
    )


def routes() -> str:
    """Every route of the OpenAPI document, with the rules that guard it."""
    paths: dict[str, dict[str, list[str]]] = {}
    guards = _guards()
    with _application() as app:
        document = openapi.document(app)
    for path, operations in document["paths"].items():
        shared: dict[str, list[str]] = {}
        for method, operation in operations.items():
            if method != "parameters":
                shared.setdefault(operation["summary"], []).append(method.upper())
                group = operation["tags"][0].replace("_", " ")
        for summary, methods in shared.items():
            asked = {name for method in methods for name in guards.get(f"{method} {path}", ())}
            row = [", ".join(methods), f"`{path}`", summary, _code(sorted(asked), "<br>")]
            paths.setdefault(group, []).append(row)
    head = ("method", "path", "what it does", "rules")
    return "\n\n".join(f"## {group}\n\n{table(head, rows)}" for group, rows in paths.items())


def _guards() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for rule in rules.RULES:
        for operation in rule.operations:
            found.setdefault(operation, []).append(rule.name)
    return found


@contextlib.contextmanager
def _application() -> Iterator[flask.Flask]:
    """An application as it is unless something else is said, but that it shows metrics."""
    with tempfile.TemporaryDirectory() as directory:
        overrides = {
            "DEFAULT": {"state_path": directory},
            "database": {"connection": f"sqlite:///{directory}/glance.db"},
            "glance_store": {"filesystem_store_datadir": f"{directory}/images"},
            "metrics": {"allowed_networks": [ipaddress.ip_network("127.0.0.1")]},
        }
        built = deployment.build(config.load((), overrides))
        yield create_app(built)
        built.database.close_all()


def metrics_shown() -> str:
    """Every metric with its type and labels."""
    with _application() as app:
        # Labels are known once something is counted.
        app.test_client().get("/versions")
        counted = metrics.counters().registry.collect()
        built = app.config["deployment"]
        schema.upgrade(built.database)
        with connection.connected(built.database):
            asked = figures.all_of(built)
    rows = [
        (
            f"`{each.name}{'_total' if each.type == 'counter' else ''}`",
            each.type,
            _code(sorted(each.samples[0].labels.keys() - {"le"})),
            each.documentation,
        )
        for each in counted
    ] + [
        (f"`glance_shim_{each.name}`", "gauge", _code(filter(None, [each.label])), each.help)
        for each in asked
    ]
    return table(("metric", "type", "by", "what it says"), rows)


def commands() -> str:
    """What every command says of itself."""
    root = click.Context(cli, info_name="glance-shim", max_content_width=96)
    return "\n\n".join(
        f"## {context.command_path}\n\n```text\n{context.get_help()}\n```"
        for context in _contexts(root)
    )


def _contexts(context: click.Context) -> Iterator[click.Context]:
    """That of a command and of all below it."""
    yield context
    for name, command in sorted(getattr(context.command, "commands", {}).items()):
        yield from _contexts(click.Context(command, parent=context, info_name=name))


def events_told() -> str:
    """Every type of event."""
    rows = ((f"`{name}`", sentence) for name, sentence in events.EVENTS.items())
    return table(("event type", "when it is told"), rows)


def errors_answered() -> str:
    """Every error that is answered in words of its own, with its status."""
    rows = [
        (str(STATUS[family]), f"`{leaf.__name__}`", leaf.message)
        for family in STATUS
        for leaf in _below(family)
        if leaf.message != "{reason}"
    ]
    return table(("status", "error", "message"), rows)


def _below(family: type[errors.Error]) -> Iterator[type[errors.Error]]:
    """The family itself, and all that are of it."""
    yield family
    for leaf in family.__subclasses__():
        yield from _below(leaf)


PARTS = {
    "options": options,
    "policy": policy,
    "routes": routes,
    "commands": commands,
    "events": events_told,
    "errors": errors_answered,
    "metrics": metrics_shown,
}
