"""`procession run`: one command under supervision, its streams untouched, its exit status ours.

Not here: how signals and Ctrl-Z reach it (``pass_through``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from procession.cli.parameters import read_duration, read_variables

if TYPE_CHECKING:
    from procession.model.command import Command

EPILOG = """\b
Examples:
  procession run -- make -j4
  procession run --timeout 30m --grace 10s -- ./train.sh
  procession run --cwd work --env QUALITY=80 -- python thumbs.py photos/
  procession run --json-events run.jsonl -- ./nightly
  procession run --detach -- ./train.sh          hand it to the daemon; prints its id

\b
Exit status: that of the command; 128+n if signal n ended it; 124 when its time was up;
127 there is no such program; 126 it cannot be executed; 125 it could not be started
for another reason, or nobody knows how it ended; 2 for a wrong use of this command.

\b
Ctrl-C, SIGTERM, SIGHUP and SIGQUIT are passed on to the command and all its
descendants; after its grace, or when asked a second time, they are killed.
Whatever of the tree is left when the command has ended is ended, too.
"""


@click.command(
    "run",
    epilog=EPILOG,
    short_help="Run one command under supervision.",
    context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False},
)
@click.option(
    "--timeout",
    metavar="DURATION",
    callback=read_duration,
    help="End it when it has run so long (suspended time does not count).",
)
@click.option(
    "--grace", metavar="DURATION", callback=read_duration, default="5s", help="Its time to end when asked to; 5s."
)
@click.option(
    "--watchdog",
    metavar="DURATION",
    callback=read_duration,
    help="End it when it says nothing (sd_notify: WATCHDOG=1) for so long.",
)
@click.option("--cwd", type=click.Path(), help="The directory it starts in.")
@click.option("--env", metavar="NAME=VALUE", callback=read_variables, multiple=True, help="Set a variable; repeatable.")
@click.option("--json-events", type=click.Path(), help="Append its lifecycle events to a file, as JSON lines.")
@click.option("-d", "--detach", is_flag=True, help="Hand it to the daemon, as `submit` does, and print its id.")
@click.argument("argv", metavar="-- COMMAND [ARGUMENTS]...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def run_verb(
    context: click.Context,
    /,
    *,
    timeout: float | None,
    grace: float,
    watchdog: float | None,
    cwd: str | None,
    env: dict[str, str],
    json_events: str | None,
    detach: bool,
    argv: tuple[str, ...],
) -> int:
    """Run COMMAND with its whole tree of descendants under supervision."""
    from procession.model.command import command

    wanted = command(argv).replace(timeout_s=timeout, grace_s=grace, watchdog_s=watchdog, cwd=cwd, env=env)
    return _detach(context, wanted) if detach else _run(wanted, json_events)


def _run(wanted: Command, json_events: str | None) -> int:
    import asyncio

    from procession.cli.job_control import is_in_foreground
    from procession.cli.pass_through import pass_through
    from procession.model.stdio import INHERIT, NULL

    # The terminal would not stop it from reading in the background, as it stops a job of the shell.
    stdin = INHERIT if is_in_foreground(0) else NULL
    return asyncio.run(pass_through(wanted.replace(stdin=stdin, stdout=INHERIT, stderr=INHERIT), json_events))


def _detach(context: click.Context, wanted: Command) -> int:
    from procession.cli.handing_over import hand_over, refuse_with_detach
    from procession.model.task import Task

    refuse_with_detach(context, ("json_events",), "the daemon keeps the events (see 'procession events --json')")
    return hand_over([Task(command=wanted)])
