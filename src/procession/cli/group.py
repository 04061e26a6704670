"""The group of verbs. Each verb is a file of its own, imported only when it is asked for."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
import traceback
from typing import Any

import click

from procession.cli.complaints import complain, is_debugging
from procession.cli.exit_codes import USAGE, exit_code_of_error
from procession.errors import ProcessionError
from procession.version import VERSION

PROGRAM = "procession"
COMPLETE_VARIABLE = "_PROCESSION_COMPLETE"
VERBS = (
    "run",
    "map",
    "up",
    *("submit", "ls", "top", "show", "why", "logs", "attach", "send", "messages", "wait"),
    *("stop", "kill", "signal", "suspend", "resume", "checkpoint", "checkpoints"),
    *("retry", "edit", "remove"),
    *("clean", "events", "drain", "doctor", "daemon"),
    "notify",
    "completion",
)

EPILOG = """\b
Examples:
  procession run -- make -j4                 one program, its streams untouched
  procession run --timeout 30m -- ./train    ended when its time is up (exit 124)
  procession map -- gzip -9 ::: *.log        one command for every item, many at once
  procession up tasks.toml                   all tasks of a file, live
  procession up tasks.toml --json            the same as events, one per line
  procession submit --name a -- ./train      hand it to the daemon, which looks after it
  procession ls                              what the daemon has
  procession top                             the same, live
  procession logs -f a                       what it prints
  eval "$(procession completion bash)"       complete with the tab key
"""


class LazyGroup(click.Group):
    """A group that finds a verb in the file of the same name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name the verbs in the order in which one meets them."""
        return list(VERBS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or say which one was perhaps meant."""
        close = difflib.get_close_matches(args[0], VERBS, n=1)
        if close and args[0] not in VERBS:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {close[0]!r}?")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the file of a verb and give its command."""
        if cmd_name not in VERBS:
            return None
        command = getattr(importlib.import_module(f"procession.cli.{cmd_name}"), f"{cmd_name}_verb")
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, "-V", "--version", message=f"{PROGRAM} %(version)s")
@click.option("--debug", is_flag=True, help="Show tracebacks (also: PROCESSION_DEBUG=1).")
def group(*, debug: bool) -> None:
    """Run many long-lived, talkative, hungry programs at once, and lose nothing."""
    if debug:
        os.environ["PROCESSION_DEBUG"] = "1"


def run_group(arguments: list[str]) -> int:
    """Find the verb, run it, and turn each way to fail into a sentence and an exit status."""
    if not arguments and COMPLETE_VARIABLE not in os.environ:
        print(group.get_help(click.Context(group, info_name=PROGRAM, **group.context_settings)), file=sys.stderr)
        return USAGE
    try:
        status: Any = group.main(arguments, PROGRAM, complete_var=COMPLETE_VARIABLE, standalone_mode=False)
    except click.ClickException as error:
        complain(error.format_message(), _hint(error))
        return USAGE
    except ProcessionError as error:
        return _explain(error)
    except click.Abort as error:  # what click makes of Ctrl-C
        raise KeyboardInterrupt from error
    except SystemExit as ending:
        # In this mode click exits by itself for two reasons: shells that complete, and a reader that went away (1).
        if ending.code == 1 and COMPLETE_VARIABLE not in os.environ:
            raise BrokenPipeError from None
        raise
    return status if isinstance(status, int) else 0


def _hint(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"see '{context.command_path} --help'" if context else ""


def _explain(error: ProcessionError) -> int:
    if is_debugging():
        traceback.print_exception(error)
    complain(error.message, error.hint)
    return exit_code_of_error(error)
