"""`procession attach`: follow a task and type to it, until it ends or one leaves it."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import click

from procession.cli.asking import ask_daemon
from procession.cli.selecting import task_argument

if TYPE_CHECKING:
    from procession.client.client import Client
    from procession.model.view import TaskView

EPILOG = """\b
Examples:
  procession attach shell
  procession attach -n 0 shell               without what it printed before

\b
What you type goes to the task line by line; Ctrl-D ends its input. Ctrl-C leaves it:
it goes on.

\b
Exit status: 0 it succeeded, or was left; 1 it ended otherwise; 3 no such task;
4 no daemon; 2 for a wrong use.
"""
READ_BYTES = 1 << 16


@click.command("attach", epilog=EPILOG, short_help="Follow a task and type to it.")
@task_argument
@click.option("-n", "--lines", metavar="N", type=click.IntRange(min=0), default=10, help="The last N lines first; 10.")
def attach_verb(*, task: str, lines: int) -> int:
    """Show what TASK prints, and give it what is typed."""
    from procession.cli.complaints import remark
    from procession.cli.log_view import show_raw
    from procession.cli.telling import describe
    from procession.model.state import State

    with ask_daemon() as client:
        view = client.get(task)
        if view.state is State.QUEUED:
            remark(f"{view.id} {describe(view)}; what is typed reaches it when it has started")
        if not view.is_over:
            # A daemon thread: a read of the keyboard cannot be called back, and must not hold us.
            threading.Thread(target=_forward_input, args=(view,), name="procession-input", daemon=True).start()
        stream = client.logs(view.id, tail=lines, follow=True)
        try:
            for piece in stream:
                show_raw(piece)
        except KeyboardInterrupt:
            remark(f"left {view.id}, which goes on; to end it: procession stop {view.id}")
            return 0
        view = stream.task or client.get(view.id)
    remark(f"{view.id} {describe(view)}")
    return 0 if view.ok else 1


def _forward_input(view: TaskView) -> None:
    from procession.cli.complaints import remark
    from procession.client.client import Client
    from procession.errors import ProcessionError

    try:
        with Client() as client:
            _wait_started(client, view)
            _forward_all(client, view.id)
    except (ProcessionError, OSError) as error:
        remark(f"what is typed does not reach {view.id}: {error}")


def _wait_started(client: Client, view: TaskView) -> None:
    for told in client.events(view.id, follow=view.pid is None):
        if told.name == "ended" or (told.name == "started" and told.values.get("attempt", 0) >= view.attempt):
            return


def _forward_all(client: Client, task: str) -> None:
    while data := os.read(0, READ_BYTES):
        client.write_input(task, data)
    client.write_input(task, b"", end=True)
