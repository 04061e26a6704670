"""A command: what to run, as a frozen value. It describes; `procession.process` runs it.

Three ways to make one, and none of them lets a value turn into an option, a second argument or shell syntax:
a list of arguments, a template whose placeholders are filled *after* it was split, and, said aloud, a shell script.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from procession.errors import InvalidCommand
from procession.model.checks import check_duration, check_path, check_text, check_whole
from procession.model.limits import NO_LIMITS, Limits
from procession.model.signals import signal_number
from procession.model.stdio import NULL, PIPE, Log, Merged, Output, Stdin
from procession.model.template import fill_template

Argument = str | bytes | os.PathLike[Any]

OUTPUT_LIMIT_BYTES: Final = 100_000_000
LINE_LIMIT_BYTES: Final = 1 << 20
MESSAGE_LIMIT_BYTES: Final = 64 << 20

_DESCRIPTOR_MAX = 2**31 - 1


class StopStep(Struct, frozen=True):
    """One step of a stop sequence: send ``signal``, then wait up to ``wait_s`` seconds for the tree to end."""

    signal: int
    wait_s: float

    def __post_init__(self) -> None:
        """Take a name like ``TERM``, too. Raises: InvalidSignal, InvalidCommand."""
        msgspec.structs.force_setattr(self, "signal", signal_number(self.signal))
        check_duration("stop_signals", self.wait_s)


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
    secrets: names of environment variables whose values are masked wherever the arguments are shown. (The values of
    variables are never shown anyway, marked or not.)
    channel: give it a two-way message channel, as Node.js does (``NODE_CHANNEL_FD``); no message either way may have
    more than ``message_limit_bytes``. message_log: where what it sends is kept, byte for byte.
    notify: listen to what it says about itself (``NOTIFY_SOCKET``, sd_notify(3)). watchdog_s: it must say
    ``WATCHDOG=1`` at least so often, or it is ended; implies ``notify``.
    """

    argv: tuple[str, ...]
    cwd: str | None = None
    env: dict[str, str | None] = msgspec.field(default_factory=dict)
    clean_env: bool = False
    stdin: Stdin = NULL
    stdout: Output = PIPE
    stderr: Output = PIPE
    fds: dict[int, int] = msgspec.field(default_factory=dict)
    limits: Limits = NO_LIMITS
    stop_signals: tuple[StopStep, ...] = ()
    grace_s: float = 5.0
    timeout_s: float | None = None
    leak_grace_s: float = 0.1
    output_limit_bytes: int = OUTPUT_LIMIT_BYTES
    line_limit_bytes: int = LINE_LIMIT_BYTES
    descendants: Literal["end", "keep"] = "end"
    secrets: tuple[str, ...] = ()
    channel: bool = False
    message_limit_bytes: int = MESSAGE_LIMIT_BYTES
    message_log: Log | None = None
    notify: bool = False
    watchdog_s: float | None = None

    def __post_init__(self) -> None:
        """Raise InvalidCommand for anything no kernel could run, naming the field."""
        if type(self.argv) is not tuple:
            msgspec.structs.force_setattr(self, "argv", normalise_argv(self.argv))
        _check_argv(self.argv)
        if self.cwd is not None:
            check_text("cwd", self.cwd)
        _check_environment(self)
        _check_streams(self)
        _check_descriptors(self.fds)
        _check_ending(self)
        for field in ("output_limit_bytes", "line_limit_bytes", "message_limit_bytes"):
            check_whole(field, getattr(self, field), 1)
        _check_talk(self)

    @property
    def listens(self) -> bool:
        """Whether what it says about itself is listened to."""
        return self.notify or self.watchdog_s is not None

    def __str__(self) -> str:
        """Quote the arguments so that the line can be pasted into a shell, secrets masked."""
        return shlex.join(self.shown_argv())

    def shown_argv(self) -> tuple[str, ...]:
        """Give the arguments as they may be shown: the value of a secret variable stands there as ``***``."""
        values = [value for name in self.secrets if (value := self.env.get(name))]
        return tuple(_mask(argument, values) for argument in self.argv) if values else self.argv

    def __repr__(self) -> str:
        """Show every field, but of variables only the names: their values may be secrets."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        fields["env"] = dict.fromkeys(self.env, "…")
        fields["argv"] = self.shown_argv()
        return f"Command({', '.join(f'{name}={value!r}' for name, value in fields.items())})"

    def replace(self, **changes: Any) -> Command:
        """Give a copy with ``changes``; ``argv``, ``env`` and the durations are normalised as in `command`."""
        return msgspec.structs.replace(self, **normalise(changes)) if changes else self

    def with_argv(self, argv: tuple[str, ...]) -> Command:
        """Give a copy with other words, which are checked; the rest was already. Raises: InvalidCommand."""
        _check_argv(argv)
        return self.placed(argv=argv)

    def placed(self, **changes: Any) -> Command:
        """Give a copy with ``changes`` that need no check: paths and streams made absolute by whoever checked them."""
        if not changes:
            return self
        placed = copy(self)
        for name, value in changes.items():
            msgspec.structs.force_setattr(placed, name, value)
        return placed


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
        changes["cwd"] = check_path("cwd", changes["cwd"])
    if "env" in changes:
        changes["env"] = _environment(changes["env"])
    return changes


def _environment(given: object) -> dict[str, str | None]:
    if not isinstance(given, Mapping):
        raise InvalidCommand("env", f"must be a mapping of names to values, got {type(given).__name__}")
    return {_decoded(name): _decoded(value) for name, value in given.items()}


def _decoded(given: Any) -> Any:
    return os.fsdecode(given) if isinstance(given, (bytes, os.PathLike)) else given


def _mask(argument: str, values: list[str]) -> str:
    for value in values:
        argument = argument.replace(value, "***")
    return argument


def _check_argv(argv: tuple[str, ...]) -> None:
    if not argv:
        raise InvalidCommand("argv", "is empty; it needs at least a program")
    if not argv[0]:
        raise InvalidCommand("argv[0]", "is empty; it must name a program")
    for index, argument in enumerate(argv):
        check_text(f"argv[{index}]", argument)


def _check_environment(given: Command) -> None:
    if not isinstance(given.env, Mapping):
        raise InvalidCommand("env", f"must be a mapping of names to values, got {type(given.env).__name__}")
    for name, value in given.env.items():
        _check_variable(name, value)
    if not isinstance(given.clean_env, bool):
        raise InvalidCommand("clean_env", f"must be True or False, got {given.clean_env!r}")
    if isinstance(given.secrets, str) or not all(isinstance(name, str) for name in _sequence("secrets", given.secrets)):
        raise InvalidCommand("secrets", f"must be a list of names, got {type(given.secrets).__name__}")


def _check_variable(name: object, value: object) -> None:
    if not isinstance(name, str) or not name or "=" in name or "\0" in name:
        shown = name.partition("=")[0] + "=…" if isinstance(name, str) and "=" in name else name
        raise InvalidCommand("env", f"has a name that cannot be: {shown!r}")
    check_text(f"env[{name!r}]", name)
    if value is not None:
        check_text(f"env[{name!r}]", value)


def _check_streams(given: Command) -> None:
    for stream, kinds in (("stdin", Stdin), ("stdout", Output), ("stderr", Output)):
        if not isinstance(getattr(given, stream), kinds):
            hint = "use PIPE, NULL, INHERIT, File(…), Descriptor(…), PTY; for output also Log(…), MERGED"
            raise InvalidCommand(stream, f"cannot be connected to {getattr(given, stream)!r}", hint=hint)
    if isinstance(given.stdout, Merged):
        raise InvalidCommand("stdout", "cannot be merged; merge stderr into it instead")


def _check_descriptors(given: object) -> None:
    if not isinstance(given, Mapping):
        raise InvalidCommand("fds", f"must be a mapping of numbers to descriptors, got {type(given).__name__}")
    for number, descriptor in given.items():
        if number in (0, 1, 2):
            raise InvalidCommand(f"fds[{number}]", "is a standard stream; further descriptors begin at 3")
        check_whole(f"fds[{number!r}]", number, 3, _DESCRIPTOR_MAX)
        check_whole(f"fds[{number!r}]", descriptor, 0, _DESCRIPTOR_MAX)


def _check_ending(given: Command) -> None:
    if given.timeout_s is not None:
        check_duration("timeout_s", given.timeout_s)
    check_duration("grace_s", given.grace_s)
    check_duration("leak_grace_s", given.leak_grace_s)
    for step in _sequence("stop_signals", given.stop_signals):
        if not isinstance(step, StopStep):
            raise InvalidCommand("stop_signals", f"must be a list of StopStep(signal, wait_s), got {step!r}")
    if given.descendants not in ("end", "keep"):
        raise InvalidCommand("descendants", f"must be 'end' or 'keep', got {given.descendants!r}")
    if not isinstance(given.limits, Limits):
        raise InvalidCommand("limits", f"must be Limits(…), got {type(given.limits).__name__}")


def _check_talk(given: Command) -> None:
    for field in ("channel", "notify"):
        if not isinstance(getattr(given, field), bool):
            raise InvalidCommand(field, f"must be True or False, got {getattr(given, field)!r}")
    if given.watchdog_s is not None:
        check_duration("watchdog_s", given.watchdog_s)
        if not given.watchdog_s:
            raise InvalidCommand("watchdog_s", "must be more than 0; leave it out to wait for nothing")
    if given.message_log is not None:
        if not isinstance(given.message_log, Log):
            raise InvalidCommand("message_log", f"must be Log(path), got {given.message_log!r}")
        if not given.channel:
            raise InvalidCommand("message_log", "keeps what comes through a channel, and there is none: channel=True")


def _sequence(field: str, given: object) -> Sequence[object]:
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence):
        raise InvalidCommand(field, f"must be a list, got {type(given).__name__}")
    return given
