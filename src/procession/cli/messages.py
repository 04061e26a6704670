"""`procession messages`: what a task has sent through its channel, and what it sends."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from procession.cli.asking import ask_daemon
from procession.cli.selecting import task_argument

if TYPE_CHECKING:
    from procession.client.answers import Piece

EPILOG = """\b
Examples:
  procession messages train                  one JSON text per line, as they were sent
  procession messages -f -n 5 train          the last five, and on until it is over
  procession messages -f train | jq .loss

\b
The task must have been submitted with --channel. Its retries are in it, too.

\b
Exit status: 0; 1 the task has no channel; 3 no such task; 4 no daemon; 2 for a wrong use.
"""


@click.command("messages", epilog=EPILOG, short_help="Show what a task has sent through its channel.")
@click.option("-f", "--follow", is_flag=True, help="Go on until the task is over.")
@click.option("-n", "--lines", metavar="N", type=click.IntRange(min=0), help="Only the last N messages.")
@task_argument
def messages_verb(*, task: str, follow: bool, lines: int | None) -> int:
    """Show the messages of TASK, a line each."""
    from procession.cli.complaints import complain

    with ask_daemon() as client:
        if "messages" not in client.show(task).logs:
            complain(f"task {task} has no channel", "submit it with --channel")
            return 1
        shown = _Lines()
        for piece in client.logs(task, stream="messages", tail=lines, follow=follow):
            shown.take(piece)
    return 0


class _Lines:
    """Writes whole lines: as they came into a pipe, safe on a terminal; not the half one after a cut of the log."""

    def __init__(self) -> None:
        self._begun = b""
        self._is_terminal = sys.stdout.isatty()

    def take(self, piece: Piece) -> None:
        """Show the lines that end in a piece."""
        from procession.cli.text import show_line

        *lines, self._begun = (self._begun + piece.data).split(b"\n")
        whole = [line for line in lines if line and b"\0" not in line and not _is_internal(line)]
        for line in whole:
            sys.stdout.buffer.write((show_line(line).encode() if self._is_terminal else line) + b"\n")
        sys.stdout.buffer.flush()


def _is_internal(line: bytes) -> bool:
    """Whether it is an answer to one question, or what Node keeps for itself, and no message for everybody."""
    from procession.ipc.encoding import NotAMessage, decode_line
    from procession.wire.node_ipc import ANSWER, is_internal

    try:
        message = decode_line(line)
    except NotAMessage:
        return False
    return isinstance(message, dict) and (ANSWER in message or is_internal(message))
