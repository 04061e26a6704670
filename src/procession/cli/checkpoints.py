"""`procession checkpoints`: what a task has saved of its work, and how it goes on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from procession.cli.asking import ask_daemon, json_option
from procession.cli.selecting import task_argument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from procession.model.checkpoint import Checkpoint

EPILOG = """\b
Examples:
  procession checkpoints train                 what is kept, the newest first
  procession checkpoints train --show 3        all that is known of one
  procession checkpoints --json train | jq -r '.checkpoints[0].saved'

\b
Exit status: 0, also where nothing was saved yet; 3 no such task; 4 no daemon; 2 for a wrong use.
"""

_HEAD = ("number", "when", "by", "progress", "saved", "goes on")


@click.command("checkpoints", epilog=EPILOG, short_help="Show what a task has saved of its work.")
@click.option("--show", "number", type=click.IntRange(min=1), metavar="N", help="Every field of checkpoint N.")
@json_option
@task_argument
def checkpoints_verb(*, task: str, number: int | None, as_json: bool) -> int:
    """Show what TASK has saved of its work, the newest first, and whether it can go on from there."""
    with ask_daemon() as client:
        kept = client.checkpoints(task)
    chosen = None if number is None else _choose(task, kept, number)
    if as_json:
        _print_json(kept, chosen)
    elif chosen is not None:
        print(_card(chosen), end="")
    elif kept:
        print(_table(kept), end="")
    else:
        _remark_none(task)
    return 0


def _choose(task: str, kept: list[Checkpoint], number: int) -> Checkpoint:
    for each in kept:
        if each.number == number:
            return each
    there_are = ", ".join(str(each.number) for each in kept)
    raise click.BadParameter(
        f"{task} has no checkpoint {number}; " + (f"kept are {there_are}" if kept else "it has saved nothing yet"),
        param_hint="--show",
    )


def _remark_none(task: str) -> None:
    from procession.cli.complaints import remark

    remark(f"{task} has saved nothing yet")


def _print_json(kept: list[Checkpoint], chosen: Checkpoint | None) -> None:
    import msgspec

    from procession.cli.telling import print_json

    print_json(msgspec.to_builtins(chosen) if chosen is not None else {"checkpoints": msgspec.to_builtins(kept)})


def _table(kept: list[Checkpoint]) -> str:
    from procession.cli.rows import render_table
    from procession.cli.text import show_safely

    rows = [[show_safely(cell) for cell in _cells(each)] for each in kept]
    return render_table(_HEAD, rows, right=("number", "progress"))


def _cells(each: Checkpoint) -> tuple[str, ...]:
    from procession.cli.checkpoint_text import moment_of
    from procession.model.table_row import progress_text

    goes_on = "yes" if each.can_resume else f"no: {each.reason}"
    return str(each.number), moment_of(each), each.by, progress_text(each.progress) or "", each.saved or "", goes_on


def _card(checkpoint: Checkpoint) -> str:
    from procession.cli.text import show_safely

    return "".join(f"{name + ':':<11} {show_safely(value)}\n" for name, value in _facts(checkpoint) if value)


def _facts(one: Checkpoint) -> Iterator[tuple[str, str]]:
    from procession.cli.checkpoint_text import command_of, moment_of
    from procession.model.table_row import progress_text

    yield "task", one.task
    yield "number", str(one.number)
    yield "attempt", str(one.attempt)
    yield "session", one.session or ""
    yield "when", moment_of(one)
    yield "by", one.by
    yield "progress", progress_text(one.progress) or ""
    yield "saved", one.saved or ""
    yield "goes on", ("yes: " if one.can_resume else "no: ") + one.reason
    yield "command", command_of(one)
    yield "directory", one.cwd or ""
    yield "metadata", ", ".join(f"{name}={value}" for name, value in one.metadata.items())
    yield "version", str(one.version)
