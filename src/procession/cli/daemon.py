"""`procession daemon`: run it, start it, end it, ask how it does. Its tasks outlive it."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from procession.cli.asking import ask_daemon, json_option, start_daemon

if TYPE_CHECKING:
    from procession.model.status import Parting

EPILOG = """\b
Examples:
  procession daemon start                    verbs that need one start it by themselves
  procession daemon status --json
  procession daemon restart                  tasks go on meanwhile
  procession daemon stop --kill              end all tasks, too

\b
Exit status: 0; 4 no daemon; 2 for a wrong use.
"""
END_LIMIT_S = 15.0
"""How long a daemon may take to end: more than it gives the answers under way."""


@click.group("daemon", epilog=EPILOG, short_help="Run, start, stop the daemon, or ask how it does.")
def daemon_verb() -> None:
    """Look after the daemon of this home. Its tasks go on without it, and the next one takes them over."""


@daemon_verb.command("run", epilog="\b\nExamples:\n  procession daemon run\n")
def run_daemon() -> int:
    """Be the daemon, in the foreground, until SIGTERM or SIGINT. Tasks go on."""
    # The assembled daemon is heavy, and only this verb needs it.
    be_daemon: Any = import_module("procession.daemon.program").be_daemon
    return int(be_daemon() or 0)


@daemon_verb.command("start", epilog="\b\nExamples:\n  procession daemon start\n")
def start() -> int:
    """Start the daemon, unless it runs; return when it answers."""
    with ask_daemon(start=True) as client:
        print(f"runs: process {client.status().pid}")
    return 0


@daemon_verb.command("stop", epilog="\b\nExamples:\n  procession daemon stop --kill\n")
@click.option("--kill", is_flag=True, help="End its tasks first.")
@json_option
def stop(*, kill: bool, as_json: bool) -> int:
    """End the daemon; its tasks run on, and how many is told."""
    from procession.cli.telling import print_json

    parting = _shut_down(kill=kill)
    if as_json:
        print_json({"kept": parting.kept, "ended": parting.ended})
    else:
        print(_told(parting))
    return 0


@daemon_verb.command("restart", epilog="\b\nExamples:\n  procession daemon restart\n")
def restart() -> int:
    """End the daemon and start it anew; its tasks run on meanwhile."""
    from procession.client.client import Client
    from procession.errors import DaemonUnavailable

    with suppress(DaemonUnavailable):  # none ran: then it is only started
        print(_told(_shut_down()))
    with Client(start_daemon()) as client:
        print(f"runs: process {client.status().pid}")
    return 0


@daemon_verb.command("status", epilog="\b\nExamples:\n  procession daemon status --json\n")
@json_option
def status(*, as_json: bool) -> int:
    """Say how the daemon does, and how many tasks it has."""
    from msgspec import to_builtins

    from procession.cli.exit_codes import NO_DAEMON
    from procession.cli.telling import print_json
    from procession.errors import DaemonUnavailable

    try:
        with ask_daemon() as client:
            told = client.status()
    except DaemonUnavailable:
        if as_json:
            print_json({"state": "stopped"})
            return NO_DAEMON
        raise
    if as_json:
        print_json(to_builtins(told))
        return 0
    counts = ", ".join(f"{count} {state}" for state, count in told.counts.items() if count)
    print(f"{told.state}: process {told.pid}, keeper {told.keeper_pid or 'none'}, version {told.version}")
    print(f"home: {told.home}\ntasks: {counts or 'none'}")
    return 0


def _told(parting: Parting) -> str:
    ended = f", {parting.ended} ended" if parting.ended else ""
    return f"stopped: {parting.kept} {'task goes' if parting.kept == 1 else 'tasks go'} on{ended}"


def _shut_down(*, kill: bool = False) -> Parting:
    """End the daemon; return when its process is gone, and with it its lock. Raises: ProcessionError: it is not."""
    import os
    import select

    from procession.daemon.paths import find_paths
    from procession.errors import ProcessionError
    from procession.kernel.pidfd import open_pidfd

    # Tasks that an earlier daemon left are ended by one that takes them over first.
    with ask_daemon(start=kill and os.path.exists(find_paths().keeper_socket)) as client:
        pid = client.status().pid
        descriptor = open_pidfd(pid)
        parting = client.shutdown(kill=kill)
    if descriptor is None:
        return parting
    try:
        ended, _, _ = select.select([descriptor], [], [], END_LIMIT_S)
    finally:
        os.close(descriptor)
    if not ended:
        message = f"the daemon was asked to end, but after {END_LIMIT_S:g} s it is still there: process {pid}"
        raise ProcessionError(message, hint=f"its tasks outlive it: kill {pid}, then procession daemon start")
    return parting
