"""`procession signal`: send a signal to tasks. What it does to them is up to them."""

from __future__ import annotations

from typing import Any

import click

from procession.cli.asking import json_option
from procession.cli.selecting import select_options
from procession.cli.telling import act_and_tell

EPILOG = """\b
Examples:
  procession signal HUP server
  procession signal USR1 --group night --tree

\b
A signal is a name (TERM, SIGTERM) or a number. To suspend and resume there are verbs
of their own, which reach every process.

\b
Exit status: 0; 1 if it failed for some; 3 no such task; 4 no daemon; 2 for a wrong use.
"""


@click.command("signal", epilog=EPILOG, short_help="Send a signal to tasks.")
@click.argument("signal", metavar="SIGNAL")
@click.option("--tree", is_flag=True, help="To every process of a task, not only to its first.")
@json_option
@select_options
def signal_verb(*, signal: str, words: tuple[str, ...], select: dict[str, Any], tree: bool, as_json: bool) -> int:
    """Send SIGNAL to the first process of each task; 0 only asks whether it lives."""
    from procession.model.signals import signal_or_probe

    number = signal_or_probe(signal)
    scope = "tree" if tree else "leader"
    return act_and_tell(lambda client: client.signal(number, *words, scope=scope, **select), as_json=as_json)
