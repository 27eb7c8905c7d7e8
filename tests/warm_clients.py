"""Runs the commands of the stock clients, each in a process of its own, begun already.

A process that has imported the clients forks for each command, which saves the second
that they take to import. It is run with the Python of the clients, and serves on a
socket until its input ends; `relay.py` is the command that is run instead of theirs. The
program, the arguments, the environment and the three files are those of the command.
"""

import array
import contextlib
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys

import stevedore._cache

# Where the clients look for their commands, and for ways to log in.
GROUPS = (
    *("openstack.cli", "openstack.cli.extension", "openstack.common"),
    *("openstack.image.v2", "openstack.identity.v3", "keystoneauth1.plugin"),
)


def import_clients():
    # The clients take the name they are called by from here when they are imported.
    sys.argv[0] = "openstack"
    for module in ("openstackclient.shell", "glanceclient.shell", "glanceclient.v2.shell"):
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    for group in GROUPS:
        for entry in stevedore._cache.get_group_all(group):
            # Some want libraries that are not there; the clients pass over them, too.
            with contextlib.suppress(Exception):
                entry.load()


def take_over(asking):
    """Be the process that was asked for: its files, environment, directory, arguments."""
    _, ancillary, _, _ = asking.recvmsg(1, socket.CMSG_SPACE(3 * 4))
    files = array.array("i", ancillary[0][2])
    order = json.loads(asking.makefile().read())
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["cwd"])
    sys.argv = order["argv"]


def run():
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
        code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    else:
        code = 0
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def serve(path):
    import_clients()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("serving", flush=True)
    while select.select([listening, sys.stdin], [], [])[0] == [listening]:
        asking, _ = listening.accept()
        if os.fork():
            asking.close()
            continue
        listening.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        command = os.fork()
        if not command:
            take_over(asking)
            asking.close()
            run()
        _, status = os.waitpid(command, 0)
        asking.sendall(str(os.waitstatus_to_exitcode(status) & 255).encode())
        os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
