"""`procession stop`: end tasks politely, then by force. Returns when the effect is there."""

from __future__ import annotations

from typing import Any

import click

from procession.cli.asking import json_option
from procession.cli.parameters import read_duration
from procession.cli.selecting import select_options
from procession.cli.telling import act_and_tell

EPILOG = """\b
Examples:
  procession stop train
  procession stop 'thumb-*' --grace 30s
  procession stop --group night

\b
Each task is told on a line: its id, and what it is now.

\b
Exit status: 0; 1 if it failed for some; 3 no such task; 4 no daemon; 2 for a wrong use.
"""


@click.command("stop", epilog=EPILOG, short_help="End tasks politely, then by force.")
@click.option("--grace", metavar="DURATION", callback=read_duration, help="Its time to end, instead of its own.")
@json_option
@select_options
def stop_verb(*, words: tuple[str, ...], select: dict[str, Any], grace: float | None, as_json: bool) -> int:
    """Ask tasks to end, each with its grace; what has not ended then is killed."""
    return act_and_tell(lambda client: client.stop(*words, grace_s=grace, **select), as_json=as_json)
