"""`procession run`: one command under supervision, its streams untouched, its exit status ours.

Not here: how signals and Ctrl-Z reach it (``pass_through``).
"""

from __future__ import annotations

import click

from procession.cli.parameters import read_duration, read_variables

EPILOG = """\b
Examples:
  procession run -- make -j4
  procession run --timeout 30m --grace 10s -- ./train.sh
  procession run --cwd work --env QUALITY=80 -- python thumbs.py photos/
  procession run --json-events run.jsonl -- ./nightly

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
@click.option("--cwd", type=click.Path(), help="The directory it starts in.")
@click.option("--env", metavar="NAME=VALUE", callback=read_variables, multiple=True, help="Set a variable; repeatable.")
@click.option("--json-events", type=click.Path(), help="Append its lifecycle events to a file, as JSON lines.")
@click.argument("argv", metavar="-- COMMAND [ARGUMENTS]...", nargs=-1, required=True, type=click.UNPROCESSED)
def run_verb(
    *,
    timeout: float | None,
    grace: float,
    cwd: str | None,
    env: dict[str, str],
    json_events: str | None,
    argv: tuple[str, ...],
) -> int:
    """Run COMMAND with its whole tree of descendants under supervision."""
    import asyncio

    from procession.cli.job_control import is_in_foreground
    from procession.cli.pass_through import pass_through
    from procession.model.command import command
    from procession.model.stdio import INHERIT, NULL

    wanted = command(argv).replace(
        timeout_s=timeout,
        grace_s=grace,
        cwd=cwd,
        env=env,
        # The terminal would not stop it from reading in the background, as it stops a job of the shell.
        stdin=INHERIT if is_in_foreground(0) else NULL,
        stdout=INHERIT,
        stderr=INHERIT,
    )
    return asyncio.run(pass_through(wanted, json_events))
