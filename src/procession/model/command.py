"""A command: what to run, as a frozen value. It describes; `procession.process` runs it.

Three ways to make one, and none of them lets a value turn into an option, a second argument or shell syntax:
a list of arguments, a template whose placeholders are filled *after* it was split, and, said aloud, a shell script.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from procession.errors import InvalidCommand
from procession.model.limits import Limits
from procession.model.signals import signal_number
from procession.model.stdio import NULL, PIPE, Merged, Output, Stdin
from procession.model.template import fill_template

Argument = str | bytes | os.PathLike[Any]

OUTPUT_LIMIT_BYTES: Final = 100_000_000
LINE_LIMIT_BYTES: Final = 1 << 20


class StopStep(Struct, frozen=True):
    """One step of a stop sequence: send ``signal``, then wait up to ``wait_s`` seconds for the tree to end."""

    signal: int
    wait_s: float


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What to run, and how it shall be connected, limited and ended.

    argv: program and arguments. A relative program with a ``/`` is taken from *our* directory, whatever ``cwd`` says;
    a bare name is looked up in the job's own ``PATH``.
    env: added to (or replacing in) our environment; None removes. With ``clean_env`` nothing of ours is passed on.
    fds: further descriptors of the child: its number there → our descriptor.
    stop_signals: the polite part of stopping; empty means SIGTERM and ``grace_s`` seconds. SIGKILL follows, unless
    ``grace_s`` is infinite.
    leak_grace_s: how long after the exit we wait for an output that some descendant still holds open.
    output_limit_bytes: kept per stream by ``run()``; line_limit_bytes: longer lines come in marked pieces.
    descendants: ``end`` whatever is left of the tree after the leader has ended and the block is left, or ``keep`` it.
    secrets: names of environment variables whose values are never shown.
    """

    argv: tuple[str, ...]
    cwd: str | None = None
    env: dict[str, str | None] = msgspec.field(default_factory=dict)
    clean_env: bool = False
    stdin: Stdin = NULL
    stdout: Output = PIPE
    stderr: Output = PIPE
    fds: dict[int, int] = msgspec.field(default_factory=dict)
    limits: Limits = msgspec.field(default_factory=Limits)
    stop_signals: tuple[StopStep, ...] = ()
    grace_s: float = 5.0
    timeout_s: float | None = None
    leak_grace_s: float = 0.1
    output_limit_bytes: int = OUTPUT_LIMIT_BYTES
    line_limit_bytes: int = LINE_LIMIT_BYTES
    descendants: Literal["end", "keep"] = "end"
    secrets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise InvalidCommand for anything no kernel could run, naming the field."""
        _check_argv(self.argv)
        _check_text("cwd", self.cwd)
        for name, value in self.env.items():
            _check_variable(name, value)
        _check_numbers(self)

    def __str__(self) -> str:
        """Quote the arguments so that the line can be pasted into a shell."""
        return shlex.join(self.argv)

    def replace(self, **changes: Any) -> Command:
        """Give a copy with ``changes``; ``argv``, ``env`` and the durations are normalised as in `command`."""
        return msgspec.structs.replace(self, **normalise(changes)) if changes else self


def command(argv: str | Sequence[Argument], /, **values: object) -> Command:
    """Make a command from a list, or from a template: ``command("git commit -m {message}", message=text)``.

    A template is split as a shell would split it, then each ``{name}`` is filled in: one argument stays one argument.
    ``{{`` is a brace. No shell takes part. Raises: InvalidCommand.
    """
    if isinstance(argv, str):
        return Command(argv=fill_template(argv, values))
    if values:
        raise InvalidCommand(next(iter(values)), "is given for a placeholder, but a list has none")
    return Command(argv=normalise_argv(argv))


def shell(script: str) -> Command:
    """Make a command that gives ``script`` to ``/bin/sh``. The only way a shell ever takes part."""
    if not isinstance(script, str) or not script.strip():
        raise InvalidCommand("script", "must be the text of a shell script")
    return Command(argv=("/bin/sh", "-c", script))


def normalise_argv(argv: object) -> tuple[str, ...]:
    """Turn strings, bytes and paths into the strings a Command holds (file-system encoding). Raises: InvalidCommand."""
    if isinstance(argv, (str, bytes)):
        hint = f"use command({argv!r}) to split it, shell({argv!r}) for a shell, or a list"
        raise InvalidCommand("argv", "is one string; nothing is split or given to a shell unasked", hint=hint)
    if not isinstance(argv, Sequence):
        raise InvalidCommand("argv", f"must be a list of arguments, got {type(argv).__name__}")
    return tuple(_argument(index, each) for index, each in enumerate(argv))


def _argument(index: int, given: object) -> str:
    if type(given) is str:
        return given
    if isinstance(given, (str, bytes, os.PathLike)):
        return os.fsdecode(given)
    raise InvalidCommand(f"argv[{index}]", f"must be text, bytes or a path, got {type(given).__name__}")


def normalise(changes: dict[str, Any]) -> dict[str, Any]:
    """Turn what people pass for a command's fields into what a Command holds. Raises: InvalidCommand."""
    if "argv" in changes:
        changes["argv"] = normalise_argv(changes["argv"])
    if changes.get("cwd") is not None:
        changes["cwd"] = _path("cwd", changes["cwd"])
    if "env" in changes:
        changes["env"] = _environment(changes["env"])
    return changes


def _path(field: str, given: object) -> str:
    if isinstance(given, (str, bytes, os.PathLike)):
        return os.fsdecode(given)
    raise InvalidCommand(field, f"must be a path, got {type(given).__name__}")


def _environment(given: object) -> dict[str, str | None]:
    if not isinstance(given, Mapping):
        raise InvalidCommand("env", f"must be a mapping of names to values, got {type(given).__name__}")
    return {_decoded(name): _decoded(value) for name, value in given.items()}


def _decoded(given: Any) -> Any:
    return os.fsdecode(given) if isinstance(given, (bytes, os.PathLike)) else given


def _check_argv(argv: tuple[str, ...]) -> None:
    if not argv:
        raise InvalidCommand("argv", "is empty; it needs at least a program")
    if not argv[0]:
        raise InvalidCommand("argv[0]", "is empty; it must name a program")
    for index, argument in enumerate(argv):
        if type(argument) is not str:
            raise InvalidCommand(f"argv[{index}]", f"must be text, got {type(argument).__name__}")
        if "\0" in argument:
            raise InvalidCommand(f"argv[{index}]", "contains a NUL character, which no program can receive")


def _check_variable(name: object, value: object) -> None:
    if not isinstance(name, str) or not name or "=" in name or "\0" in name:
        raise InvalidCommand("env", f"has a name that cannot be: {name!r}")
    _check_text(f"env[{name!r}]", value)


def _check_text(field: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise InvalidCommand(field, f"must be text, got {type(value).__name__}")
    if "\0" in value:
        raise InvalidCommand(field, "contains a NUL character, which no program can receive")


def _check_numbers(given: Command) -> None:
    if isinstance(given.stdin, Merged):
        raise InvalidCommand("stdin", "cannot be merged; that is for stderr")
    if isinstance(given.stdout, Merged):
        raise InvalidCommand("stdout", "cannot be merged; merge stderr into it instead")
    if given.timeout_s is not None:
        _check_duration("timeout_s", given.timeout_s)
    _check_duration("grace_s", given.grace_s)
    _check_duration("leak_grace_s", given.leak_grace_s)
    for step in given.stop_signals:
        signal_number(step.signal)
        _check_duration("stop_signals", step.wait_s)
    for number in given.fds:
        if number < 3:
            raise InvalidCommand(f"fds[{number}]", "is a standard stream; further descriptors begin at 3")
    for field in ("output_limit_bytes", "line_limit_bytes"):
        if getattr(given, field) < 1:
            raise InvalidCommand(field, "must be at least 1 byte")


def _check_duration(field: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise InvalidCommand(field, f"must be a number of seconds from 0, got {value!r}")
