"""`procession submit`: hand tasks to the daemon, which looks after them from now on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from procession.cli.asking import json_option, no_start_option
from procession.cli.checkpoint_parameters import checkpoint_options, saving_of
from procession.cli.handing_over import hand_over, tasks_of
from procession.cli.monitoring_parameters import read_amount, read_patience, read_progress, read_reactions
from procession.cli.need_parameters import need_of, need_options
from procession.cli.parameters import read_duration, read_how_ready, read_variables
from procession.cli.selecting import complete_task

if TYPE_CHECKING:
    from procession.model.command import Command
    from procession.model.task import Dependency, Task

EPILOG = """\b
Examples:
  procession submit -- make -j4                          prints the id, and nothing else
  procession submit --name train --timeout 2h -- ./train
  procession submit --after train --retries 3 -- ./upload
  procession submit --stall-after 10m --on stalled=notify --on stalled+1h=restart -- ./train
  procession submit --checkpoint USR1 --resume-command './train --from {checkpoint}' -- ./train
  id=$(procession submit --stdin pipe -- python -i)
  sort < words.txt | procession submit --stdin - -- uniq -c
  procession submit tasks.toml                           all tasks of a file

\b
The task starts in this directory, with this environment, mask, niceness and limits,
whenever it starts. What it prints is kept: procession logs ID.

\b
Exit status: 0; 2 refused, nothing was taken; 4 no daemon (with --no-start); 75 the
daemon cannot record anything now, or (with --now) there is no room.
"""

_OF_FILES = frozenset({"argv", "replace", "no_start", "as_json"})


@click.command(
    "submit", epilog=EPILOG, short_help="Hand tasks to the daemon.", context_settings={"allow_interspersed_args": False}
)
@click.option("--name", help="What it is called; else the daemon gives it an id.")
@click.option("--group", metavar="NAME", help="The group it belongs to.")
@click.option("--cwd", type=click.Path(), help="The directory it starts in.")
@click.option("--env", metavar="NAME=VALUE", callback=read_variables, multiple=True, help="Set a variable; repeatable.")
@click.option(
    "--after",
    metavar="TASK",
    multiple=True,
    shell_complete=complete_task,
    help="Once it succeeded; TASK:ready, :started or :ended for that.",
)
@click.option("--priority", type=int, default=0, help="Higher starts first.")
@click.option("--retries", type=click.IntRange(min=0), default=0, help="Further attempts after one that ended badly.")
@click.option("--timeout", metavar="DURATION", callback=read_duration, help="End it when it has run so long.")
@click.option("--grace", metavar="DURATION", callback=read_duration, help="Its time to end when asked to; 5s.")
@click.option("--delay", metavar="DURATION", callback=read_duration, default="0", help="Not before so long from now.")
@click.option("--stdin", metavar="FILE|-|pipe", help="Its input: a file, our own (-), or what is sent later (pipe).")
@click.option("--pty", is_flag=True, help="On a terminal of its own.")
@click.option("--channel", is_flag=True, help="With a message channel: send --json, messages.")
@click.option(
    "--ready", metavar="HOW", callback=read_how_ready, help="notify, log=PATTERN, port=N, http=URL, file=PATH."
)
@click.option(
    "--ready-timeout", metavar="DURATION", callback=read_duration, help="End it when it is not ready by then."
)
@click.option(
    "--watchdog", metavar="DURATION", callback=read_duration, help="End it when it gives no sign of life so long."
)
@click.option("--done-when", metavar="FILE", help="The file whose being there means that its work is done.")
@click.option(
    "--stall-after",
    metavar="DURATION",
    callback=read_patience,
    help="Without a sign of life it has stalled; 5m, or never.",
)
@click.option("--memory-high", metavar="SIZE|N%", callback=read_amount, help="Tell when it uses more; 2GiB.")
@click.option("--memory-critical", metavar="SIZE|N%", callback=read_amount, help="Tell when it uses more still; 4GiB.")
@click.option("--progress", metavar="PATTERN", callback=read_progress, help="How its output says how far it is.")
@click.option(
    "--on",
    metavar="EVENT=ACT",
    callback=read_reactions,
    multiple=True,
    help="What to do, like stalled+5m=stop; repeatable.",
)
@checkpoint_options
@need_options
@click.option("--protect", is_flag=True, help="Never suspend or end it to make room.")
@click.option("--contain", is_flag=True, help="Hold it to its --memory: beyond that the kernel ends it.")
@click.option("--now", is_flag=True, help="Start it now or not at all (exit 75).")
@click.option("--label", metavar="NAME=VALUE", callback=read_variables, multiple=True, help="For you; repeatable.")
@click.option("--restart", type=click.Choice(["no", "resume", "retry"]), default="no", help="After a reboot.")
@click.option("--replace", is_flag=True, help="Take the place of an ended task of the same name.")
@no_start_option
@json_option
@click.argument("argv", metavar="-- COMMAND... | FILE.toml", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def submit_verb(
    context: click.Context,
    /,
    *,
    argv: tuple[str, ...],
    replace: bool,
    no_start: bool,
    as_json: bool,
    now: bool,
    **options: Any,
) -> int:
    """Hand COMMAND, or all tasks of a task file, to the daemon; print ids."""
    is_file = len(argv) == 1 and argv[0].endswith(".toml")
    tasks = _tasks_of_file(context, argv[0]) if is_file else [_task(argv, options)]
    spool = options["stdin"] == "-" and not is_file
    return hand_over(tasks, start=not no_start, replace=replace, as_json=as_json, spool=spool, now=now)


def _tasks_of_file(context: click.Context, path: str) -> list[Task]:
    from procession.cli.up import read_file

    for name in context.params:
        is_given = context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT
        if is_given and name not in _OF_FILES:
            raise click.UsageError(f"--{name.replace('_', '-')} is for one command; a file says it itself")
    return tasks_of(read_file(path))


def _task(argv: tuple[str, ...], options: dict[str, Any]) -> Task:
    from procession.model.monitoring import settings
    from procession.model.readiness import ByFile
    from procession.model.task import Task

    return Task(
        command=_command(argv, options),
        name=options["name"],
        group=options["group"],
        after=tuple(_dependency(each) for each in options["after"]),
        priority=options["priority"],
        retries=options["retries"],
        delay_s=options["delay"],
        labels=options["label"],
        ready=options["ready"],
        ready_timeout_s=options["ready_timeout"],
        done_when=None if options["done_when"] is None else ByFile(options["done_when"]),
        restart=options["restart"],
        **saving_of(options),
        need=need_of(options),
        kind=options["kind"],
        protect=options["protect"],
        contain=options["contain"],
        monitoring=settings(
            stall_after_s=options["stall_after"],
            memory_high=options["memory_high"],
            memory_critical=options["memory_critical"],
            progress=options["progress"],
            on=options["on"],
        ),
    )


def _dependency(given: str) -> Dependency:
    from procession.model.task import Dependency

    name, colon, condition = given.partition(":")
    return Dependency(name, condition) if colon else Dependency(name)  # type: ignore[arg-type]  # it checks that


def _command(argv: tuple[str, ...], options: dict[str, Any]) -> Command:
    from procession.model.command import command
    from procession.model.stdio import NULL, PIPE, PTY, File

    given = options["stdin"]
    if options["pty"] and given not in (None, "pipe"):
        raise click.UsageError("with --pty the terminal is the input: leave out --stdin, or send to it")
    stdin = NULL if given in (None, "-") else PIPE if given == "pipe" else File(os.path.abspath(given))
    changes: dict[str, Any] = {
        "cwd": options["cwd"],
        "env": options["env"],
        "timeout_s": options["timeout"],
        "stdin": stdin,
        "channel": options["channel"],
        "watchdog_s": options["watchdog"],
    }
    if options["pty"]:
        changes |= {"stdin": PTY, "stdout": PTY, "stderr": PTY}
    if options["grace"] is not None:
        changes["grace_s"] = options["grace"]
    return command(argv).replace(**changes)
