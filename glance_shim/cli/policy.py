"""``glance-shim policy``: the sample of the rules, and what they answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import click

from glance_shim.cli.common import print_list, with_format
from glance_shim.context import Context, Deployment, with_implied
from glance_shim.policy import enforcer, rules

FOREIGN = "another project"


class Answer(NamedTuple):
    """What a rule says about four images, as a line of a list.

    They are one of the caller's project, one that is offered to it, a public
    one of another project and a private one of another project.
    """

    rule: str
    own: bool
    offered: bool
    public: bool
    foreign: bool
    default: bool


@click.group()
def policy() -> None:
    """Look at the rules."""


@policy.command()
def sample() -> None:
    """Print every rule with its sentence and default (etc/policy.yaml.sample)."""
    click.echo(sample_text(), nl=False)


@policy.command()
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False),
    help="Rules to check; without it, those of the configuration.",
)
@click.option("--role", "roles", multiple=True, help="A role of the caller; may be repeated.")
@click.option("--service-role", "service_roles", multiple=True, help="One of a service token.")
@click.option("--project", default="this project", help="The caller's project.")
@click.option(
    "--scope",
    type=click.Choice(["project", "system", "domain"]),
    default="project",
    show_default=True,
    help="What the caller's token is for.",
)
@click.argument("names", nargs=-1, metavar="[RULE]...")
@with_format
@click.pass_obj
def check(
    deployment: Callable[[], Deployment],
    file: str | None,
    roles: tuple[str, ...],
    service_roles: tuple[str, ...],
    project: str,
    scope: str,
    names: tuple[str, ...],
    kind: str,
) -> None:
    """Say what each rule answers to a caller with these roles.

    The columns are images, namespaces or tasks: the project's own, those that
    are offered to it, public ones and all others of other projects. Default
    says whether the rule is the program's own.
    """
    policy = enforcer.load(file) if file else deployment().policy
    known = {rule.name for rule in rules.RULES}
    for name in sorted({*names} - known - policy.overridden):
        raise click.BadParameter(f"there is no rule {name}")
    caller = Context(
        deployment=None,  # type: ignore[arg-type]
        project_id=None if scope != "project" else project,
        scope=scope,
        roles=with_implied(roles),
        service_roles=with_implied(service_roles),
    )
    asked = names or [rule.name for rule in rules.RULES]
    print_list([_answer(policy, name, caller, project) for name in asked], Answer._fields, kind)
    for name in sorted(policy.overridden - known):
        click.echo(f"Nothing here asks for {name}, which the file has.", err=True)


def _answer(policy: enforcer.Enforcer, name: str, caller: Context, project: str) -> Answer:
    def says(owner: str, visibility: str, member: str | None = None) -> bool:
        target: dict[str, Any] = {"visibility": visibility, "member_id": member}
        target |= {"project_id": owner, "owner": owner}
        return policy.allows(name, caller, target)

    return Answer(
        rule=name,
        own=says(project, "private"),
        offered=says(FOREIGN, "shared", project),
        public=says(FOREIGN, "public"),
        foreign=says(FOREIGN, "private"),
        default=name not in policy.overridden,
    )


def sample_text() -> str:
    """The text of the sample file, made from the table of rules."""
    parts = ["# Rules given here replace the default ones of the same name.\n"]
    for rule in rules.RULES:
        operations = "".join(f"# {operation}\n" for operation in rule.operations)
        parts.append(f'\n# {rule.sentence}\n{operations}#"{rule.name}": "{rule.check}"\n')
    return "".join(parts)
