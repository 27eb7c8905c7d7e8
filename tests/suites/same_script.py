"""One script of ``openstack`` commands, and what it prints without what differs in each run."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from terminal import Terminal

# The cloud of ``clouds.yaml``, and the command. {golden} and so on are ids of images by name,
# {app-team} the id of a project, {file} a file with data.
SCRIPT = """
devstack        image create --file {file} --disk-format raw --property team=web --tag a golden
devstack        image show golden -f json
devstack        image show {golden}
devstack        image list --long
devstack        image list --tag a --property team=web -f json
devstack        image list --name golden --status active -f csv
devstack        image set --property os_distro=debian --min-disk 3 --min-ram 512 golden
devstack        image set --tag b --name golden-2 golden
devstack        image set --name golden golden-2
devstack        image show golden -f json
devstack        image unset --property team --tag a golden
devstack        image unset --property none golden
devstack        image show golden -f yaml
devstack-alt    image show {golden}
devstack        image add project {golden} {app-team}
devstack        image add project {golden} {app-team}
devstack        image member list {golden} -f json
devstack        image member get {golden} {app-team} -f json
devstack-alt    image show {golden} -f json
devstack-alt    image list
devstack-alt    image list --shared --member-status pending
devstack        image set --accept --project app-team {golden}
devstack-alt    image set --accept {golden}
devstack-alt    image list -f json
devstack-alt    image member list {golden} -f json
devstack-alt    image save --file {saved} {golden}
devstack-alt    image set --name mine {golden}
devstack-alt    image delete {golden}
devstack-alt    image set --reject {golden}
devstack-alt    image list
devstack        image remove project {golden} {app-team}
devstack        image remove project {golden} {app-team}
devstack-alt    image show {golden}
devstack        image set --public golden
devstack        image set --community golden
devstack-alt    image list --community -f json
devstack-alt    image show {golden} -f json
devstack        image set --private golden
devstack        image add project {golden} {app-team}
devstack        image set --protected golden
devstack        image delete golden
devstack        image set --unprotected golden
devstack        image set --deactivate golden
devstack-alt    image set --deactivate {golden}
devstack        image show golden -f json
devstack        image save --file {saved} golden
devstack        image set --activate golden
devstack        image save --file {saved} golden
devstack        image set --hidden golden
devstack        image list
devstack        image list --hidden -f json
devstack        image show golden -f value -c os_hidden
devstack        image set --unhidden golden
devstack        image create --disk-format none-such odd
devstack        image create --container-format bare --disk-format raw --id {golden} twice
devstack        image create --property os_glance_x=1 reserved
devstack-admin  image create --public --file {file} --disk-format qcow2 common
devstack-alt    image list --public -f json
devstack-alt    image set --property a=b common
devstack-admin  image set --project app-team common
devstack-alt    image show common -f json
devstack        image create --disk-format raw --import --file {file} imported
devstack        image show imported -f json
devstack        image import info -f json
devstack        image stores list -f json
devstack-admin  image stores list --detail -f json
devstack        image task list -f json
devstack-admin  image metadef namespace list -f csv
devstack        image metadef namespace show OS::Compute::Quota -f json
devstack        image metadef namespace create mine
devstack-admin  image metadef namespace create theirs --public -f json
devstack-admin  image metadef object create --namespace theirs thing -f json
devstack        image metadef object list theirs -f json
devstack-admin  image metadef namespace delete theirs
devstack        image show 00000000-0000-0000-0000-000000000000
devstack        image show no-such-name
devstack        image delete no-such-name
devstack        image list --sort name:asc,created_at:desc -f json
devstack        image list --sort nothing
devstack        image list --limit 1 -f csv
devstack        image list --marker 00000000-0000-0000-0000-000000000000
devstack        image delete golden imported
devstack-admin  image delete common
devstack        image list
"""

# Where this service answers otherwise, by a word of the command and of the line, and why.
EXPLAINED = (
    ("show", "locations", "places of data are shown to the owner's project only"),
    ("show", "direct_url", "places of data are shown to the owner's project only"),
    ("show", '"metadata"', "places of data are shown to the owner's project only"),
    ("show", '"store"', "places of data are shown to the owner's project only"),
    ("show", '"url"', "places of data are shown to the owner's project only"),
    ("show golden", '"stores"', "a deactivated image keeps saying where its data is"),
    ("stores list --detail", "chunk_size", "data is read in blocks of another size"),
    ("--import", "", "the client shows the image without waiting for the import"),
    ("namespace show", "description", "the definitions were written anew"),
)

NOBODYS = "00000000-0000-0000-0000-000000000000"

UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\b[0-9a-f]{32}\b")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)?")
WHERE = re.compile(r"(file|http)://[^\"'\s|,)]*")
PLACE = re.compile(r'("data_dir": )"[^"]*"')
SPACES = re.compile(r" {2,}|-{3,}")

# What an error says in words is this service's own; its kind and its status are not.
WORDS = re.compile(r"((?:Exception: \d{3}|mismatch \(sha512\)): ).*", re.DOTALL)


def run(terminal: Terminal, directory: Path, projects: dict[str, str]) -> dict[str, list[str]]:
    """The lines of every command, by its words; ids are numbered as they appear."""
    names = {NOBODYS: "<id of nothing>"}
    given = dict(projects, file=str(directory / "data"), saved=str(directory / "saved"))
    (directory / "data").write_bytes(bytes(range(256)) * 64)
    printed = {}
    for number, line in enumerate(SCRIPT.strip().splitlines()):
        cloud, _, words = line.partition(" ")
        command = words.split()
        if "{golden}" in words and "golden" not in given:
            show = ["image", "show", "golden", "-f", "value", "-c", "id"]
            given["golden"] = _openstack(terminal, "devstack", show).stdout.strip()
        finished = _openstack(terminal, cloud, [word.format(**given) for word in command])
        text = _in_order(finished.stdout) + WORDS.sub(r"\1<words>\n", finished.stderr)
        text = PLACE.sub(r"\1<place>", WHERE.sub(r"<\1 address>", TIME.sub("<time>", text)))
        for found in UUID.findall(text):
            names.setdefault(found, f"<id {len(names)}>")
        text = SPACES.sub(" ", UUID.sub(lambda match: names[match[0]], text))
        lines = [*text.splitlines(), f"exit {finished.returncode}"]
        printed[f"{number:02} {cloud} {words.strip()}"] = lines
    return printed


def is_explained(command: str, line: str) -> bool:
    """Is it known, and meant, that this line of a command differs?"""
    return any(said in command and word in line for said, word, _ in EXPLAINED)


def _in_order(text: str) -> str:
    """JSON with its keys and tags in order; namespaces, of the same age, in order as well."""
    try:
        document = json.loads(text)
        if isinstance(document, dict) and "tags" in document:
            document["tags"].sort()
        return json.dumps(document, indent=0, sort_keys=True)
    except ValueError:
        lines = text.splitlines(keepends=True)
        return "".join(sorted(lines) if '"OS::OperatingSystem"\n' in lines else lines)


def _openstack(
    terminal: Terminal, cloud: str, words: list[str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [terminal.commands / "openstack", "--os-cloud", cloud, *words],
        env=terminal.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
