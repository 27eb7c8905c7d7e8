"""What the pages have ``openstack`` do, it can do."""

from __future__ import annotations

import json
import shlex

import pages
from terminal import Terminal

# Reads lists of words; prints those that the client does not understand.
PARSE = """
import contextlib, io, json, sys
from openstackclient import shell
client = shell.OpenStackShell()
client.stdin = sys.stdin
for words in json.load(sys.stdin):
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            options, rest = client.parser.parse_known_args(words)
            client.options = options
            for group in ("openstack.common", "openstack.image.v2", "openstack.identity.v3"):
                client.command_manager.add_command_group(group)
            factory, name, arguments = client.command_manager.find_command(rest)
            factory(client, None).get_parser(name).parse_args(arguments)
    except (SystemExit, ValueError) as exc:
        print(" ".join(words), said.getvalue(), exc)
"""


def test_the_client_understands_every_command(terminal: Terminal) -> None:
    lines = [
        line
        for _, text in pages.of_kind("sh")
        for line in text.replace("\\\n", " ").splitlines()
    ]
    commands = [
        shlex.split(line)[1:]
        for line in (line.partition("=$(")[2].rstrip(")") or line for line in lines)
        if line.startswith("openstack ")
    ]

    assert len(commands) > 20
    misunderstood = terminal.run("python3", "-c", PARSE, data=json.dumps(commands).encode()).out
    assert misunderstood == ""
