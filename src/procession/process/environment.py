"""The environment a job starts with: ours, changed as asked, without what was meant for us alone."""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Mapping

from procession.errors import TooLong
from procession.model.command import Command
from procession.wire.node_ipc import CHANNEL_FD, SERIALIZATION_MODE
from procession.wire.sparing import MARK
from procession.wire.variables import ATTEMPT, MARKER, TASK

MEANT_FOR_US = (
    "LISTEN_FDNAMES",
    "LISTEN_FDS",
    "LISTEN_PID",
    CHANNEL_FD,
    SERIALIZATION_MODE,
    "NODE_UNIQUE_ID",
    "NOTIFY_SOCKET",
    MARK,
    TASK,
    ATTEMPT,
    MARKER,
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
)
"""Channels and contracts of whoever started *us*. Passed on, they would let a job speak in our name."""

_MEANT_FOR_US = frozenset(map(os.fsencode, MEANT_FOR_US))

STRING_LIMIT_BYTES = 131_072
"""The most the kernel takes for one argument or variable, its final NUL included (MAX_ARG_STRLEN)."""

_TOTAL_LIMIT_BYTES = 6 << 20
"""And the most for all of them with their pointers, if a quarter of the stack limit is not less."""

_POINTER_BYTES = 8
_SHOWN_LIMIT = 200


def search_path(command: Command, inherited: Mapping[str, str] | None = None) -> str | None:
    """Give the PATH the job will have; None if it has none. ``inherited``: variables to begin with; None for ours."""
    if "PATH" in command.env:
        return command.env["PATH"]
    return None if command.clean_env else (os.environ if inherited is None else inherited).get("PATH")


def build_environment(
    command: Command, further: dict[str, str], inherited: Mapping[str, str] | None = None
) -> list[bytes] | None:
    """Give the job's ``NAME=value`` strings; None where they are exactly ours. Raises: TooLong."""
    changes_nothing = not (command.env or command.clean_env or further)
    if inherited is None:
        is_ours = changes_nothing and command.cwd is None and not _is_for_us_in_ours()
        return None if is_ours else _build(command, further, os.environ)
    return _built_once(command, inherited) if changes_nothing else _build(command, further, inherited)


def _built_once(command: Command, inherited: Mapping[str, str]) -> list[bytes]:
    """Give what all commands from the same circumstances have, of which nobody changes anything any more."""
    place = id(inherited), command.cwd
    known = _built.get(place)
    if known is None or known[0] is not inherited:
        if len(_built) >= _BUILT_LIMIT:
            _built.clear()
        known = _built[place] = inherited, _build(command, {}, inherited)
    return known[1]


_built: dict[tuple[int, str | None], tuple[Mapping[str, str], list[bytes]]] = {}

_BUILT_LIMIT = 64


def _build(command: Command, further: dict[str, str], inherited: Mapping[str, str]) -> list[bytes]:
    variables: dict[str, str | None] = {} if command.clean_env else dict(inherited)
    for name in MEANT_FOR_US:
        variables.pop(name, None)
    if command.cwd is not None and "PWD" in variables:
        variables["PWD"] = _name_of(command.cwd, variables["PWD"])
    variables.update(command.env)
    variables.update(further)
    encoded = [os.fsencode(f"{name}={value}") for name, value in variables.items() if value is not None]
    for variable in encoded:
        if len(variable) >= STRING_LIMIT_BYTES:
            name = os.fsdecode(variable.split(b"=")[0])
            raise too_long(f"the environment variable {name}", len(variable), str(command))
    return encoded


def _name_of(directory: str, inherited: str | None) -> str:
    """Give the PWD of who begins there, as a shell would: the inherited one if it leads there, be it through links.

    Some programs believe it, wherever they run: docs/design/gotchas.md, "A client believes PWD, not its directory".
    """
    if inherited and inherited != directory:
        with contextlib.suppress(OSError):
            if os.path.isabs(inherited) and os.path.samefile(inherited, directory):
                return inherited
    return os.path.abspath(directory)


def _is_for_us_in_ours() -> bool:
    # os.environ raises and catches for every name that is not there: ten times slower than the dictionary inside
    ours = getattr(os.environ, "_data", None)
    if ours is None:
        return any(name in os.environ for name in MEANT_FOR_US)
    return not _MEANT_FOR_US.isdisjoint(ours)


def our_environment() -> list[bytes]:
    """Give our own variables as ``NAME=value``."""
    ours = getattr(os.environ, "_data", os.environb)  # the view of bytes encodes and decodes each of them again
    return [name + b"=" + value for name, value in ours.items()]


def encode_arguments(command: Command) -> list[bytes]:
    """Give the arguments as the kernel takes them. Raises: TooLong, naming the one."""
    encoded = [os.fsencode(argument) for argument in command.argv]
    if max(map(len, encoded)) >= STRING_LIMIT_BYTES:
        index = next(index for index, argument in enumerate(encoded) if len(argument) >= STRING_LIMIT_BYTES)
        raise too_long(f"argv[{index}]", len(encoded[index]), f"{command.argv[0]} …")
    return encoded


def explain_refused_size(command: Command) -> TooLong:
    """Say what was too much when the kernel refused: a variable that is ours already, or everything together."""
    arguments = encode_arguments(command)
    environment = build_environment(command, {})
    if environment is None:
        environment = our_environment()
    longest = max(environment, key=len, default=b"")
    if len(longest) >= STRING_LIMIT_BYTES:
        return too_long(f"the environment variable {os.fsdecode(longest.split(b'=')[0])}", len(longest), str(command))
    total = sum(len(each) + 1 + _POINTER_BYTES for each in (*arguments, *environment))
    stack, _ = resource.getrlimit(resource.RLIMIT_STACK)
    limit = _TOTAL_LIMIT_BYTES if stack == resource.RLIM_INFINITY else min(stack // 4, _TOTAL_LIMIT_BYTES)
    return too_long("all of the arguments and the environment", total, str(command), limit)


def too_long(element: str, size_bytes: int, shown: str, limit_bytes: int = STRING_LIMIT_BYTES - 1) -> TooLong:
    """Say that ``element`` is over the kernel's limit."""
    shown = shown if len(shown) <= _SHOWN_LIMIT else f"{shown[:_SHOWN_LIMIT]}…"
    return TooLong(
        f"cannot start {shown}: {element} has {size_bytes:,} bytes, the kernel takes {limit_bytes:,}",
        hint="give large values through standard input or a file",
        command=shown,
        element=element,
        size_bytes=size_bytes,
        limit_bytes=limit_bytes,
    )
