"""``glance-shim config``: the sample of the options."""

from __future__ import annotations

import io

import click
from oslo_config import cfg, generator


@click.group()
def config() -> None:
    """Look at the options."""


@config.command()
def sample() -> None:
    """Print every option with its help and default (etc/glance-shim.conf.sample)."""
    click.echo(sample_text(), nl=False)


def sample_text() -> str:
    """The text of the sample file, made from the options themselves."""
    conf = cfg.ConfigOpts()
    generator.register_cli_opts(conf)
    conf(args=["--namespace", "glance-shim", "--wrap-width", "80"], default_config_files=[])
    text = io.StringIO()
    generator.generate(conf, text)
    return text.getvalue()
