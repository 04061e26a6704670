"""`procession send`: give a running task input, or a message."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from procession.cli.asking import ask_daemon
from procession.cli.parameters import read_duration
from procession.cli.selecting import task_argument

if TYPE_CHECKING:
    from procession.client.client import Client

EPILOG = """\b
Examples:
  procession send shell 'print(6 * 7)'       one line; its newline is added
  procession send sorter < words.txt         standard input, byte for byte
  procession send sorter --end               nothing more comes
  procession send train --json '{"cmd": "START"}'
  procession send train --json '"loss?"' --request --timeout 10s

\b
Input is for tasks that were submitted with --stdin pipe or --pty, messages for those
with --channel. A message is with the task, or waits for it, when this ends.

\b
Exit status: 0; 1 the task takes none, or refuses to answer; 3 no such task; 4 no
daemon; 5 no answer in time; 2 for a wrong use.
"""
READ_BYTES = 1 << 16


def _read_json(_context: click.Context, _parameter: click.Parameter, text: str | None) -> tuple[Any] | None:
    import json

    try:
        return None if text is None else (json.loads(text, parse_constant=_refuse),)
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"expected JSON: {error}") from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is none")


@click.command("send", epilog=EPILOG, short_help="Give a task input, or a message.")
@task_argument
@click.argument("text", required=False)
@click.option("--end", is_flag=True, help="It is the last input: the task sees its end.")
@click.option("--json", "message", metavar="JSON", callback=_read_json, help="Send this through its channel.")
@click.option("--request", is_flag=True, help="With --json: ask, and print what it answers.")
@click.option("--timeout", metavar="DURATION", callback=read_duration, help="With --request: wait no longer (exit 5).")
def send_verb(
    *, task: str, text: str | None, end: bool, message: tuple[Any] | None, request: bool, timeout: float | None
) -> int:
    """Give TASK a line of TEXT; without it, what comes on standard input; or, with --json, a message."""
    if message is None and (request or timeout is not None):
        raise click.UsageError("--request and --timeout are for a message: give it with --json")
    if timeout is not None and not request:
        raise click.UsageError("--timeout is for an answer: ask for one with --request")
    if message is not None and (text is not None or end):
        raise click.UsageError("input and a message are sent one at a time: leave out TEXT and --end, or --json")
    with ask_daemon() as client:
        if message is None:
            _send_input(client, task, text, end=end)
        elif request:
            _print(client.request(task, message[0], timeout_s=timeout))
        else:
            client.send(task, message[0])
    return 0


def _send_input(client: Client, task: str, text: str | None, *, end: bool) -> None:
    if text is not None:
        client.write_input(task, os.fsencode(text) + b"\n", end=end)
    elif not end or not os.isatty(0):
        while data := os.read(0, READ_BYTES):
            client.write_input(task, data)
    if end and text is None:
        client.write_input(task, b"", end=True)


def _print(answer: Any) -> None:
    import json

    print(json.dumps(answer, ensure_ascii=False))
