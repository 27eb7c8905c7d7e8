"""Examples of every command, for its help."""

from __future__ import annotations

import click

EXAMPLES: dict[str, tuple[str, ...]] = {
    "quickstart": ("quickstart", "quickstart --directory /tmp/images --port 9393"),
    "serve": ("serve", "serve --config-file /etc/glance-shim/glance-shim.conf"),
    "worker": ("worker --threads 2",),
    "check": ("check",),
    "doctor": ("doctor", "--config-file ./glance-shim.conf doctor --format json"),
    "completion": (
        "completion bash > ~/.local/share/bash-completion/completions/glance-shim",
        "completion fish > ~/.config/fish/completions/glance-shim.fish",
    ),
    "db upgrade": ("db upgrade",),
    "db current": ("db current",),
    "db copy": ("db copy --to postgresql://glance@db.example.org/glance",),
    "verify": ("verify", "verify --deep --repair --rate 100"),
    "claim": ("claim cheap",),
    "recover": ("recover", "recover --remove-orphans"),
    "identity project create": ("identity project create lab --description 'The laboratory'",),
    "identity project list": ("identity project list --format json",),
    "identity user create": (
        "identity user create ana --project lab --role member",
        "identity user create ci --project lab --role member --generate --format json",
    ),
    "identity user list": ("identity user list --format json",),
    "identity user password": ("identity user password ana --password-file -",),
    "identity role grant": ("identity role grant member --user ana --project lab",),
    "identity role revoke": ("identity role revoke member --user ana --project lab",),
    "identity role list": ("identity role list --project lab",),
    "identity application-credential create": (
        "identity application-credential create pipeline --user ci --project lab",
    ),
    "quota set": (
        "quota set image_size_total 10000 --project lab",
        "quota set image_count_total -1",
    ),
    "quota show": ("quota show lab",),
    "quota list": ("quota list --format json",),
    "quota delete": ("quota delete image_size_total --project lab",),
    "metadefs load": ("metadefs load", "metadefs load --path ours/ --merge --prefer-new"),
    "metadefs unload": ("metadefs unload --yes",),
    "metadefs export": ("metadefs export --path saved/",),
    "policy check": (
        "policy check --role member --file policy.yaml",
        "policy check --role reader get_images",
    ),
    "policy sample": ("policy sample > policy.yaml",),
    "config sample": ("config sample > glance-shim.conf",),
}


def show(name: str, command: click.Command) -> None:
    """Put the examples of a command, and of what stands below it, in the help."""
    if name in EXAMPLES:
        lines = EXAMPLES[name]
        shown = "\n".join(f"  glance-shim {line}" for line in lines)
        command.epilog = f"\b\n{'Examples' if len(lines) > 1 else 'Example'}:\n{shown}"
    if isinstance(command, click.Group):
        for word, below in command.commands.items():
            show(f"{name} {word}", below)
