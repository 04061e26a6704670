"""Where a task runs and writes: decided when it is submitted, so that nothing this process does later moves it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from procession.model.readiness import ByFile
from procession.model.stdio import File, Log

if TYPE_CHECKING:
    from procession.model.command import Command
    from procession.model.task import Task

_NOTHING: Final[dict[Any, Any]] = {}
_STREAMS = ("stdin", "stdout", "stderr")


def placed(command: Command, directory: str | None = None) -> tuple[Command, str | None]:
    """Make relative paths absolute; give also the directory to show. None when our own one is gone.

    ``directory``: where whoever submitted it stands, if that is not where we do; then the command is told so.
    """
    here = directory or _current_directory()
    if here is None:
        return command, command.cwd
    changes: dict[str, Any] = {name: _placed_stream(getattr(command, name), here) for name in _STREAMS}
    changes = {name: stream for name, stream in changes.items() if stream is not getattr(command, name)}
    if command.cwd is not None and not os.path.isabs(command.cwd):
        changes["cwd"] = _absolute(here, command.cwd)
    if directory is not None:
        changes.update(_told(command, directory))
    placed = command.placed(**changes, **_shared(command, ("env", "fds")))
    return placed, placed.cwd or here


def placed_task(task: Task, command: Command, directory: str | None) -> Task:
    """Give ``task`` with ``command`` and with absolute paths in what it waits for; ``directory`` is where it runs."""
    changes: dict[str, Any] = {"command": command}
    for field in ("ready", "done_when"):
        file = getattr(task, field)
        if isinstance(file, ByFile) and directory is not None:
            changes[field] = replace(file, path=_absolute(directory, file.path))
    return replace(task, **changes, **_shared(task, ("labels",)))


def _shared(described: Task | Command, fields: tuple[str, ...]) -> dict[str, Any]:
    """Let all that have nothing share it: of a hundred thousand that wait, every empty mapping counts."""
    return {field: _NOTHING for field in fields if not getattr(described, field)}


def _told(command: Command, directory: str) -> dict[str, Any]:
    """Say outright what a program started in ``directory`` would find there: itself, and where it starts."""
    changes: dict[str, Any] = {} if command.cwd is not None else {"cwd": directory}
    program = command.argv[0]
    if "/" in program and not os.path.isabs(program):
        changes["argv"] = (os.path.join(directory, program), *command.argv[1:])
    return changes


def _placed_stream(stream: Any, here: str) -> Any:
    if isinstance(stream, (File, Log)) and not os.path.isabs(stream.path):
        return replace(stream, path=_absolute(here, stream.path))
    return stream


def _absolute(here: str, path: str) -> str:
    return os.path.normpath(os.path.join(here, path))


def _current_directory() -> str | None:
    try:
        return sys.intern(os.getcwd())
    except FileNotFoundError:
        return None
