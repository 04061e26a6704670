"""`procession checkpoint`: have tasks save their work. Returns when each has, or its time to do so is up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from procession.cli.asking import ask_daemon, json_option
from procession.cli.selecting import select_options

if TYPE_CHECKING:
    from procession.model.checkpoint import SaveReport

EPILOG = """\b
Examples:
  procession checkpoint train
  procession checkpoint --group night
  procession checkpoint --json train | jq -r '.reports[0].checkpoint.saved'

\b
Each task is told on a line: its id, and saved, refused or no answer. Only those are asked
that say how (submit --checkpoint, or a channel), and none so that it ends of it.

\b
Exit status: 0 all have saved; 1 one has not; 3 no such task; 4 no daemon; 2 for a wrong use.
"""


@click.command("checkpoint", epilog=EPILOG, short_help="Have tasks save their work.")
@json_option
@select_options
def checkpoint_verb(*, words: tuple[str, ...], select: dict[str, Any], as_json: bool) -> int:
    """Ask each task to save its work, and say what came of it."""
    from procession.cli.complaints import complain
    from procession.cli.exit_codes import OK, TASK_FAILED

    with ask_daemon() as client:
        saved = client.checkpoint(*words, **select)
    if as_json:
        _print_json(saved.reports)
    else:
        print("".join(f"{_line(each)}\n" for each in saved.reports), end="")
    for problem in saved.problems:
        complain(problem.message, problem.hint)
    return OK if not saved.problems and all(each.checkpoint for each in saved.reports) else TASK_FAILED


def _print_json(reports: tuple[SaveReport, ...]) -> None:
    import msgspec

    from procession.cli.telling import print_json

    print_json({"reports": msgspec.to_builtins(reports)})


def _line(report: SaveReport) -> str:
    from procession.cli.checkpoint_text import describe_checkpoint
    from procession.cli.text import show_safely

    made = report.checkpoint
    said = report.reason if made is None else describe_checkpoint(made)
    return show_safely(f"{report.task}  {report.answer.replace('_', ' ')}: {said}")
