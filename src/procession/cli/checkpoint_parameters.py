"""The options by which a command says how it saves its work, and how it goes on from there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from procession.cli.monitoring_parameters import read_patience

if TYPE_CHECKING:
    from procession.errors import InvalidTask
    from procession.model.checkpointing import Checkpointing

F = TypeVar("F", bound=Callable[..., Any])


def checkpoint_options(command: F) -> F:
    """Add ``--checkpoint`` and what goes with it, ``--resume-command``, ``--without-checkpoint``, ``--agent``."""
    options = (
        click.option(
            "--checkpoint",
            metavar="HOW",
            callback=read_way,
            shell_complete=complete_way,
            help="How it is asked to save its work: a signal (USR1), message, or command=COMMAND.",
        ),
        click.option(
            "--checkpoint-every",
            metavar="DURATION",
            callback=read_patience,
            help="It is asked so often while it runs; 10m, or never.",
        ),
        click.option(
            "--checkpoint-keep",
            metavar="N",
            type=int,
            callback=read_keep,
            help="So many of its checkpoints are kept, the newest; 5.",
        ),
        click.option(
            "--resume-command",
            metavar="TEMPLATE",
            callback=read_resume_command,
            help="What goes on from a checkpoint; with {checkpoint}, {session}, {attempt}, {progress}.",
        ),
        click.option(
            "--without-checkpoint",
            type=click.Choice(["retry", "ask", "fail"]),
            help="Where there is none to go on from: begin anew, rest until resumed, or fail.",
        ),
        click.option(
            "--agent",
            metavar="NAME",
            shell_complete=complete_agent,
            help="Which client of a coding agent it is, like codex; or none. Else its command line tells.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def complete_way(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Offer the ways there are."""
    return [each for each in ("USR1", "USR2", "message", "command=") if each.startswith(incomplete)]


def complete_agent(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Offer those that are known everywhere."""
    from procession.monitor.agents.catalogue import known_profiles

    return [each for each in sorted({*known_profiles(), "none"}) if each.startswith(incomplete)]


def read_way(_context: click.Context, _option: click.Parameter, given: str | None) -> dict[str, Any] | None:
    """Read a signal's name, ``message`` or ``command=…``, or say what was expected."""
    if given is None:
        return None
    from procession.errors import InvalidTask
    from procession.model.checkpointing import Checkpointing

    way, equals, words = given.partition("=")
    if not given or (equals and way != "command"):
        raise click.BadParameter(f"expected a signal like USR1, message, or command=COMMAND, got {given!r}")
    if equals:
        fields: dict[str, Any] = {"command": _split(words)}
    else:
        fields = {"message": True} if given == "message" else {"signal": given}
    try:
        Checkpointing(**fields)
    except InvalidTask as error:
        raise _bad(error) from None
    return fields


def read_keep(_context: click.Context, _option: click.Parameter, given: int | None) -> int | None:
    """Look whether so many can be kept."""
    if given is None:
        return None
    from procession.errors import InvalidTask
    from procession.model.checkpointing import Checkpointing

    try:
        return Checkpointing(message=True, keep=given).keep
    except InvalidTask as error:
        raise _bad(error) from None


def read_resume_command(_context: click.Context, _option: click.Parameter, given: str | None) -> Any:
    """Split a template like a shell would (but no shell takes part), and look whether it can ever be filled."""
    if given is None:
        return None
    from procession.errors import InvalidTask
    from procession.model.resume_template import check_resume_command

    argv = _split(given)
    try:
        check_resume_command(argv)
    except InvalidTask as error:
        raise _bad(error) from None
    return argv


def saving_of(options: dict[str, Any]) -> dict[str, Any]:
    """Give the fields of a task that the options say. Raises: click.UsageError: they do not fit together."""
    without = options["without_checkpoint"]
    if without is not None and options["resume_command"] is None and options["agent"] is None:
        raise click.UsageError("--without-checkpoint is for what can go on: give --resume-command or --agent, too")
    return {
        "checkpoint": _checkpointing(options),
        "resume_command": options["resume_command"],
        "without_checkpoint": without or "retry",
        "agent": options["agent"],
    }


def _checkpointing(options: dict[str, Any]) -> Checkpointing | None:
    from procession.model.checkpointing import Checkpointing

    way, every_s, keep = (options[name] for name in ("checkpoint", "checkpoint_every", "checkpoint_keep"))
    if way is None:
        if every_s is not None:
            raise click.UsageError("--checkpoint-every says how often: say by --checkpoint, too, how it is asked")
        if keep is not None:
            raise click.UsageError("--checkpoint-keep says how many: say by --checkpoint, too, how it is asked")
        return None
    if "message" in way and not options["channel"]:
        raise click.UsageError("--checkpoint message goes through its channel: give --channel, too")
    further = {name: value for name, value in (("every_s", every_s), ("keep", keep)) if value is not None}
    return Checkpointing(**way, **further)


def _split(text: str) -> tuple[str, ...]:
    from procession.errors import InvalidCommand
    from procession.model.template import split_words

    try:
        words = tuple(split_words(text))
    except InvalidCommand as error:
        raise click.BadParameter(error.message.replace(f"invalid command: {error.field}", "it")) from None
    if not words or not words[0]:
        raise click.BadParameter("it names no program")
    return words


def _bad(error: InvalidTask) -> click.BadParameter:
    """Say the same of the option: what the field is called does not help here."""
    problem = error.message.partition(f"{error.field} ")[2] or error.message
    return click.BadParameter(f"{problem} ({error.hint})" if error.hint else problem)
