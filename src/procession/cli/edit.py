"""`procession edit`: change a task that still waits."""

from __future__ import annotations

from typing import Any

import click

from procession.cli.asking import ask_daemon, json_option
from procession.cli.need_parameters import need_options
from procession.cli.parameters import read_duration, read_variables
from procession.cli.selecting import complete_task, task_argument

EPILOG = """\b
Examples:
  procession edit train --priority 10
  procession edit train --timeout 2h --env EPOCHS=3
  procession edit train --memory 2GB              it needs less than was said
  procession edit train -- ./train --fast

\b
Only what is still queued can be changed: what runs, runs as it was submitted.

\b
Exit status: 0; 1 it no longer waits; 3 no such task; 4 no daemon; 2 for a wrong use.
"""


@click.command(
    "edit",
    epilog=EPILOG,
    short_help="Change a task that still waits.",
)
@task_argument
@click.option("--priority", type=int, help="Higher starts first.")
@click.option("--retries", type=click.IntRange(min=0), help="Further attempts after one that ended badly.")
@click.option("--group", metavar="NAME", help="The group it belongs to.")
@click.option("--after", metavar="TASK", multiple=True, shell_complete=complete_task, help="Waits for it; repeatable.")
@click.option("--timeout", metavar="DURATION", callback=read_duration, help="End it when it has run so long.")
@click.option("--cwd", type=click.Path(resolve_path=True), help="The directory it starts in.")
@click.option("--env", metavar="NAME=VALUE", callback=read_variables, multiple=True, help="Set variables; repeatable.")
@need_options
@json_option
@click.argument("argv", metavar="[-- COMMAND [ARGUMENTS]...]", nargs=-1, type=click.UNPROCESSED)
def edit_verb(*, task: str, as_json: bool, after: tuple[str, ...], argv: tuple[str, ...], **given: Any) -> int:
    """Change TASK, which must still be queued."""
    from procession.cli.telling import describe, print_json
    from procession.cli.text import show_safely

    changes = {_FIELDS[name]: value for name, value in given.items() if value not in (None, {})}
    changes |= {"after": [{"task": each} for each in after]} if after else {}
    changes |= {"command.argv": list(argv)} if argv else {}
    if not changes:
        raise click.UsageError("nothing to change was given")
    with ask_daemon() as client:
        view = client.edit(task, **changes)
    if as_json:
        print_json(view.as_dict())
    else:
        print(f"{show_safely(view.id)}  {describe(view)}")
    return 0


_FIELDS = {name: name for name in ("priority", "retries", "group", "kind")} | {
    "memory": "need.memory_bytes",
    "cpu": "need.cpus",
    "gpu": "need.gpus",
    "token": "need.tokens",
    "timeout": "command.timeout_s",
    "cwd": "command.cwd",
    "env": "command.env",
}
