"""`procession kill`: end tasks at once. Returns when the effect is there."""

from __future__ import annotations

from typing import Any

import click

from procession.cli.asking import json_option
from procession.cli.selecting import select_options
from procession.cli.telling import act_and_tell

EPILOG = """\b
Examples:
  procession kill train
  procession kill --all

\b
Each task is told on a line: its id, and what it is now.

\b
Exit status: 0; 1 if it failed for some; 3 no such task; 4 no daemon; 2 for a wrong use.
"""


@click.command("kill", epilog=EPILOG, short_help="End tasks at once.")
@json_option
@select_options
def kill_verb(*, words: tuple[str, ...], select: dict[str, Any], as_json: bool) -> int:
    """Kill tasks with all their descendants, without a grace."""
    return act_and_tell(lambda client: client.kill(*words, **select), as_json=as_json)
