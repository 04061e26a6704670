"""`procession suspend`: let tasks not run for now. Returns when the effect is there."""

from __future__ import annotations

from typing import Any

import click

from procession.cli.asking import json_option
from procession.cli.selecting import select_options
from procession.cli.telling import act_and_tell

EPILOG = """\b
Examples:
  procession suspend train
  procession suspend --group night
  procession suspend --release train    it saves its work and ends, until it is resumed

\b
Each task is told on a line: its id, and what it is now.
What is released keeps no process, and goes on from its checkpoint in a new attempt; what
could not go on is not released. Suspended time does not count for a time-out.

\b
Exit status: 0; 1 if it failed for some; 3 no such task; 4 no daemon; 2 for a wrong use.
"""


@click.command("suspend", epilog=EPILOG, short_help="Let tasks not run for now.")
@click.option("--release", is_flag=True, help="Have it save its work and end; `resume` goes on from there.")
@click.option("--checkpoint", is_flag=True, help="Have it save its work first, where it says how.")
@json_option
@select_options
def suspend_verb(
    *, words: tuple[str, ...], select: dict[str, Any], release: bool, checkpoint: bool, as_json: bool
) -> int:
    """Stop every process of the tasks from running, until they are resumed."""
    return act_and_tell(
        lambda client: client.suspend(*words, release=release, checkpoint=checkpoint, **select), as_json=as_json
    )
