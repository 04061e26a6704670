"""`procession events`: what happened, and what happens, from any event on."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from procession.cli.asking import ask_daemon
from procession.cli.selecting import complete_task

if TYPE_CHECKING:
    from procession.client.answers import Told

EPILOG = """\b
Examples:
  procession events -f                       from the first, and on
  procession events --after 1200 --json
  procession events -f train --group night

\b
Each event has a number (seq): --after it goes on, and nothing is missed or told twice.

\b
Exit status: 0; 3 no such task; 4 no daemon; 2 for a wrong use.
"""
_TOLD_ELSEWHERE = frozenset({"event", "at", "task", "attempt", "seq"})


@click.command("events", epilog=EPILOG, short_help="Tell what happened, and what happens.")
@click.argument("words", metavar="[TASK]...", nargs=-1, shell_complete=complete_task)
@click.option("--group", "groups", metavar="NAME", multiple=True, help="Of a group; repeatable.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens from now.")
@click.option("--after", metavar="SEQ", type=click.IntRange(min=0), help="Only what came after this event.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def events_verb(
    *, words: tuple[str, ...], groups: tuple[str, ...], follow: bool, after: int | None, as_json: bool
) -> int:
    """Tell events, the oldest first."""
    from procession.cli.jsonl import json_line

    with ask_daemon() as client:
        for told in client.events(*words, after=after, groups=groups, follow=follow):
            line = json_line(told.values) if as_json else _line(told).encode()
            sys.stdout.buffer.write(line)
            if follow:
                sys.stdout.buffer.flush()
    return 0


def _line(told: Told) -> str:
    from procession.cli.text import show_safely

    values = told.values
    at = time.strftime("%H:%M:%S", time.localtime(values.get("at") or 0))
    rest = ", ".join(_fact(name, value) for name, value in values.items() if name not in _TOLD_ELSEWHERE)
    return (
        show_safely(f"{told.seq:>6} {at} {values.get('task') or '-'}: {told.name.replace('_', ' ')} {rest}").rstrip()
        + "\n"
    )


def _fact(name: str, value: Any) -> str:
    if name == "outcome" and isinstance(value, dict):
        return str(value.get("message") or value.get("kind"))
    if name == "fields" and isinstance(value, dict):
        return ", ".join(f"{word}={said}" for word, said in value.items())
    return f"{name}={value}"
