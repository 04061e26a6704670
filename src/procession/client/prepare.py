"""A task made ready to travel: what was meant from here means the same there.

Relative paths are taken from our directory; what only this process has (its descriptors) is refused. Not here: the
circumstances, which travel once for many tasks (``context``).
"""

from __future__ import annotations

import math
import os
from typing import Any, TypeVar

from msgspec.structs import replace

from procession.errors import InvalidCommand
from procession.model.checkpointing import Checkpointing
from procession.model.command import Command
from procession.model.monitoring import Monitoring
from procession.model.resume_template import located
from procession.model.stdio import Descriptor, File, Inherit, Log
from procession.model.task import Task

_Described = TypeVar("_Described", Command, Monitoring, Checkpointing)

NEVER_S = 1e9
"""Thirty years: what JSON, which has no infinity, says for a time that never passes."""


def prepare(task: Task, directory: str) -> Task:
    """Give ``task`` as it can be sent. Raises: InvalidCommand: for what cannot travel."""
    command = task.command
    _check_text(task)
    if command.fds:
        raise InvalidCommand("fds", "cannot be given to a daemon: they are descriptors of this process")
    changes: dict[str, Any] = {
        stream: _placed(stream, getattr(command, stream), directory) for stream in ("stdin", "stdout", "stderr")
    }
    changes["cwd"] = os.path.join(directory, command.cwd) if command.cwd else directory
    changes["argv"] = _found(command.argv, directory)
    return replace(
        task,
        command=_finite(replace(command, **changes), "grace_s", "timeout_s"),
        monitoring=_finite(task.monitoring, "stall_after_s", "no_progress_after_s"),
        checkpoint=None if task.checkpoint is None else _asked(task.checkpoint, directory),
        resume_command=None if task.resume_command is None else located(task.resume_command, directory),
    )


def _asked(how: Checkpointing, directory: str) -> Checkpointing:
    command = None if how.command is None else _found(how.command, directory)
    return _finite(replace(how, command=command), "every_s", "deadline_s")


def _found(argv: tuple[str, ...], directory: str) -> tuple[str, ...]:
    """Name the program so that it is found from anywhere."""
    return (os.path.join(directory, argv[0]), *argv[1:]) if "/" in argv[0] else argv


def _finite(described: _Described, *fields: str) -> _Described:
    infinite = [each for each in fields if getattr(described, each) == math.inf]
    return replace(described, **dict.fromkeys(infinite, NEVER_S)) if infinite else described


def _placed(stream: str, end: Any, directory: str) -> Any:
    if isinstance(end, (Inherit, Descriptor)):
        problem = "cannot be given to a daemon: it belongs to this process"
        raise InvalidCommand(stream, problem, hint="use PIPE (kept in a log), File(…), PTY or NULL")
    if isinstance(end, (File, Log)):
        return replace(end, path=os.path.join(directory, end.path))
    return end


def _check_text(task: Task) -> None:
    """Refuse bytes that are no text: JSON cannot carry them."""
    command = task.command
    texts = {f"argv[{index}]": each for index, each in enumerate(command.argv)}
    texts |= {f"env[{name!r}]": name + (value or "") for name, value in command.env.items()}
    texts |= {"cwd": command.cwd or "", "resume_command": "".join(task.resume_command or ())}
    if task.checkpoint is not None and task.checkpoint.command is not None:
        texts["checkpoint.command"] = "".join(task.checkpoint.command)
    for field, text in texts.items():
        if not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text):
            hint = "put them into a script, or into a file that the program reads"
            raise InvalidCommand(field, "has bytes that are no UTF-8, which a daemon cannot be sent", hint=hint)
