"""`procession resume`: let tasks run on, or go on from what they have saved. Returns when the effect is there."""

from __future__ import annotations

from typing import Any

import click

from procession.cli.asking import json_option
from procession.cli.selecting import select_options
from procession.cli.telling import act_and_tell

EPILOG = """\b
Examples:
  procession resume train
  procession resume --all

\b
Each task is told on a line: its id, and what it is now. A suspended one runs on. One that
was released, or is over and says how it goes on (submit --resume-command), goes on from
its newest checkpoint, in a new attempt.

\b
Exit status: 0; 1 if it failed for some; 3 no such task; 4 no daemon; 2 for a wrong use.
"""


@click.command("resume", epilog=EPILOG, short_help="Let tasks run on, or go on from a checkpoint.")
@json_option
@select_options
def resume_verb(*, words: tuple[str, ...], select: dict[str, Any], as_json: bool) -> int:
    """Let suspended tasks run on, and those go on from what they have saved that were released or have ended."""
    return act_and_tell(lambda client: client.resume(*words, **select), as_json=as_json)
