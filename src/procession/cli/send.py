"""`procession send`: give a running task input."""

from __future__ import annotations

import os

import click

from procession.cli.asking import ask_daemon
from procession.cli.selecting import task_argument

EPILOG = """\b
Examples:
  procession send shell 'print(6 * 7)'       one line; its newline is added
  procession send sorter < words.txt         standard input, byte for byte
  procession send sorter --end               nothing more comes

\b
The task must have been submitted with --stdin pipe or --pty.

\b
Exit status: 0; 1 the task takes no input; 3 no such task; 4 no daemon; 2 for a wrong use.
"""
READ_BYTES = 1 << 16


@click.command("send", epilog=EPILOG, short_help="Give a task input.")
@task_argument
@click.argument("text", required=False)
@click.option("--end", is_flag=True, help="It is the last input: the task sees its end.")
def send_verb(*, task: str, text: str | None, end: bool) -> int:
    """Give TASK a line of TEXT; without it, what comes on standard input."""
    with ask_daemon() as client:
        if text is not None:
            client.write_input(task, os.fsencode(text) + b"\n", end=end)
        elif not end or not os.isatty(0):
            while data := os.read(0, READ_BYTES):
                client.write_input(task, data)
        if end and text is None:
            client.write_input(task, b"", end=True)
    return 0
