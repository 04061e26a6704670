"""`procession up`: all tasks of a file, side by side, shown while they run; and how each of them ended.

Not here: running them (``conduct``) and showing them (``views``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from procession.cli.parameters import read_size

if TYPE_CHECKING:
    from procession.model.taskfile import TaskFile

EPILOG = """\b
Examples:
  procession up tasks.toml
  procession up tasks.toml --limit 2             at most two at once
  procession up tasks.toml --logs out            keep what they print in out/
  procession up tasks.toml --json > run.jsonl    for programs; the last line is the summary
  procession up - < tasks.toml                   the file from standard input
  procession up tasks.toml --detach              hand all to the daemon; prints their ids

\b
A task file:
  [pool]
  hard_limit = 4
  [tasks.download]
  command = ["curl", "-fsSO", "https://example.invalid/photos.tar"]
  retries = 2
  [tasks.thumbnails]
  command = "python thumbs.py photos/"           # split like a shell would, but no shell
  after = ["download"]                           # or [{ task = "download", condition = "ended" }]
  timeout = "30m"

\b
What a task prints goes to NAME.out and NAME.err in a directory of the run, where
summary.json tells how it went: below $PROCESSION_HOME, else $XDG_STATE_HOME/procession,
else ~/.local/state/procession. The newest 20 runs are kept. --logs names another place.
Every byte is kept, unless --log-limit bounds the logs.

\b
With --json each line is one object with at least "event" and "at"; events of a task
have "task". A task's output comes as {"event": "output", "task", "stream", "offset",
"text"}, a line each: "partial" marks one without its newline, "base64" has the exact
bytes of one that is no UTF-8, "dropped_bytes" stands for what a bounded log has lost.
The last line is {"event": "summary", "ok", "counts", "tasks": [one object per task]}.

\b
Exit status: 0 if every task succeeded; 1 if one did not; 2 if the file is refused,
whole, before anything starts; 130 after Ctrl-C and 128+n after another signal n;
141 when nobody reads the output any more.

\b
Ctrl-C stops all tasks, each with its grace; a second Ctrl-C kills them.
Ctrl-Z suspends all, and fg (or bg) lets them run on.
"""


@click.command("up", epilog=EPILOG, short_help="Run all tasks of a file, live.")
@click.argument("file", type=click.Path(allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help="One event per line on standard output, the summary last.")
@click.option("--limit", type=click.IntRange(min=1), help="How many may run at once, whatever the file says.")
@click.option("--logs", type=click.Path(file_okay=False), help="The directory for what the tasks print.")
@click.option("--log-limit", metavar="SIZE", callback=read_size, help="Keep only head and tail of a longer log.")
@click.option("--color/--no-color", default=None, help="Colours; by default on a terminal, if NO_COLOR is not set.")
@click.option("-q", "--quiet", is_flag=True, help="Without a terminal: only the summary, not what the tasks print.")
@click.option("-d", "--detach", is_flag=True, help="Hand the tasks to the daemon, as `submit` does; print their ids.")
@click.pass_context
def up_verb(
    context: click.Context,
    /,
    *,
    file: str,
    as_json: bool,
    limit: int | None,
    logs: str | None,
    log_limit: int | None,
    color: bool | None,
    quiet: bool,
    detach: bool,
) -> int:
    """Run all tasks of FILE, a TOML file, and show how each of them ends."""
    if detach:
        return _detach(context, file, logs, log_limit, as_json=as_json)
    import asyncio

    from procession.cli.conduct import Options, conduct

    task_file = read_file(file)
    if limit is not None:
        from msgspec.structs import replace

        task_file = replace(task_file, pool=replace(task_file.pool, hard_limit=limit))
    options = Options(file=file, logs=logs, log_limit_bytes=log_limit, as_json=as_json, colour=color, quiet=quiet)
    return asyncio.run(conduct(task_file, options))


def read_file(path: str) -> TaskFile:
    """Read the file whole. Raises: InvalidTaskFile."""
    from procession.errors import InvalidTaskFile
    from procession.model.taskfile import read_task_text

    try:
        with click.open_file(path, "rb") as opened:
            content: bytes = opened.read()
    except OSError as error:
        raise InvalidTaskFile(path, None, "", f"cannot be read: {error.strerror}") from None
    return read_task_text(content, path)


def _detach(context: click.Context, file: str, logs: str | None, log_limit: int | None, *, as_json: bool) -> int:
    from procession.cli.handing_over import hand_over, refuse_with_detach, tasks_of

    refuse_with_detach(context, ("limit",), "the daemon has its own, in config.toml of its home")
    refuse_with_detach(context, ("color", "quiet"), "nothing but ids is shown")
    if logs is None:
        refuse_with_detach(
            context, ("log_limit",), "without --logs, the daemon's own holds, in config.toml of its home"
        )
    tasks = tasks_of(read_file(file))
    if logs is not None:
        from procession.cli.keep_logs import with_logs
        from procession.cli.run_directory import open_run_directory

        with open_run_directory(file, logs) as directory:
            tasks = [with_logs(task, directory, log_limit).task for task in tasks]
    return hand_over(tasks, as_json=as_json)
