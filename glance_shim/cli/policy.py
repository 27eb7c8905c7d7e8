"""``glance-shim policy``: the sample of the rules."""

from __future__ import annotations

import click

from glance_shim.policy import rules


@click.group()
def policy() -> None:
    """Look at the rules."""


@policy.command()
def sample() -> None:
    """Print every rule with its sentence and default (etc/policy.yaml.sample)."""
    click.echo(sample_text(), nl=False)


def sample_text() -> str:
    """The text of the sample file, made from the table of rules."""
    parts = ["# Rules given here replace the default ones of the same name.\n"]
    for rule in rules.RULES:
        operations = "".join(f"# {operation}\n" for operation in rule.operations)
        parts.append(f'\n# {rule.sentence}\n{operations}#"{rule.name}": "{rule.check}"\n')
    return "".join(parts)
