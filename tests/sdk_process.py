"""Runs scripts that use openstacksdk, each a line of JSON, with the Python of the clients.

A script sees the cloud it is for as ``cloud`` and what it is given by name. What it
returns, or the error it ends in, is answered in a line of JSON.
"""

import json
import sys
import textwrap

import openstack

clouds = {}


def perform(order):
    if order["cloud"] not in clouds:
        clouds[order["cloud"]] = openstack.connect(cloud=order["cloud"])
    names = ", ".join(["cloud", *order["given"]])
    body = textwrap.indent(textwrap.dedent(order["script"]), "    ")
    scope = {}
    exec(f"def script({names}):\n{body}", scope)
    return scope["script"](clouds[order["cloud"]], **order["given"])


answers, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    try:
        answer = {"value": perform(json.loads(line))}
    except Exception as exc:
        status = getattr(exc, "status_code", None)
        answer = {"error": type(exc).__name__, "status": status, "message": str(exc)}
    print(json.dumps(answer, default=str), file=answers, flush=True)
