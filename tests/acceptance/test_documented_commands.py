"""What the pages have ``openstack`` do, it can do."""

from __future__ import annotations

import json
import re
import shlex

import pages
from terminal import Terminal

# Reads lists of words; prints those that the client does not understand. What stands in a
# sentence need not be complete, but what is there must exist.
PARSE = """
import contextlib, io, json, sys
from openstackclient import shell
client = shell.OpenStackShell()
client.stdin = sys.stdin
for words, complete in json.load(sys.stdin):
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            options, rest = client.parser.parse_known_args(words)
            client.options = options
            for group in ("openstack.common", "openstack.image.v2", "openstack.identity.v3"):
                client.command_manager.add_command_group(group)
            factory, name, arguments = client.command_manager.find_command(rest)
            parser = factory(client, None).get_parser(name)
            if complete:
                parser.parse_args(arguments)
            for word in arguments:
                if word.startswith("--") and word not in parser._option_string_actions:
                    raise ValueError(f"there is no {word}")
    except (SystemExit, ValueError) as exc:
        print(" ".join(words), said.getvalue(), exc)
"""


def typed() -> list[tuple[list[str], bool]]:
    """The commands of blocks, as words."""
    lines = [
        line
        for _, text in pages.of_kind("sh")
        for line in text.replace("\\\n", " ").splitlines()
    ]
    return [
        (shlex.split(line)[1:], True)
        for line in (line.partition("=$(")[2].rstrip(")") or line for line in lines)
        if line.startswith("openstack ")
    ]


def said() -> list[tuple[list[str], bool]]:
    """The commands of sentences and tables, as words."""
    return [
        (shlex.split(line.rstrip("… ")), False)
        for page in pages.PAGES
        for line in re.findall(r"`openstack ([^`]+)`", page.read_text())
        if line.strip("… ") not in ("image", "cached image")
    ]


def test_the_client_understands_every_command(terminal: Terminal) -> None:
    commands = typed() + said()

    assert len(typed()) > 20 and len(said()) > 5
    given = json.dumps(commands).encode()
    assert terminal.run("python3", "-c", PARSE, data=given).out == ""
