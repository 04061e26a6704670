"""Giving every task of a run its logs: whatever the file does not send elsewhere is kept, to the last byte."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from procession.cli.complaints import remark
from procession.model.stdio import Log, Pipe, Pty
from procession.model.task import Task
from procession.process.wiring import NOTE_SUFFIX

if TYPE_CHECKING:
    from procession.model.command import Command

SUFFIXES = {"stdout": "out", "stderr": "err"}


class LoggedTask(Struct, frozen=True, kw_only=True):
    """A task with its outputs going to logs, and where these are by stream name.

    pty_log: which one we write ourselves. note: where the cuts of bounded logs are remembered.
    """

    task: Task
    logs: dict[str, str]
    pty_log: str | None = None
    note: str | None = None

    @property
    def name(self) -> str:
        """The task's name, which is its id."""
        return self.task.name or ""


def with_logs(task: Task, directory: str, limit_bytes: int | None = None) -> LoggedTask:
    """Send what ``task`` would print to us into files in ``directory``; what it sends elsewhere stays as it is."""
    command, logs, changes = task.command, {}, {}
    for stream, suffix in SUFFIXES.items():
        path = f"{directory}/{task.name}.{suffix}"
        wanted = getattr(command, stream)
        if isinstance(wanted, Pipe):
            changes[stream] = Log(path, limit_bytes)
            logs[stream] = path
        elif isinstance(wanted, Log) and wanted.path not in logs.values():
            logs[stream] = wanted.path
    pty_log = _pty_log(task, directory)
    if pty_log:
        logs["stdout"] = pty_log
    command = command.replace(**changes)
    return LoggedTask(task=replace(task, command=command), logs=logs, pty_log=pty_log, note=_note_of(command))


class PtyKeeper:
    """Writes what comes through terminals into logs: there the task cannot do it itself."""

    def __init__(self, paths: dict[str, str | None]) -> None:
        self._paths = paths
        self._open: dict[str, int] = {}

    def keep(self, task: str, _stream: str, data: bytes) -> None:
        """Append a piece of output."""
        path = self._paths.get(task)
        if path is None:
            return
        try:
            if task not in self._open:
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
                self._open[task] = os.open(path, flags, 0o600)
            _append(self._open[task], data)
        except OSError as error:
            self._paths[task] = None
            remark(f"what {task} prints is kept no further in {path}: {error.strerror}")

    def close(self) -> None:
        """Close the logs."""
        for descriptor in self._open.values():
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._open.clear()


def _pty_log(task: Task, directory: str) -> str | None:
    streams = (task.command.stdout, task.command.stderr)
    return f"{directory}/{task.name}.out" if any(isinstance(each, Pty) for each in streams) else None


def _note_of(command: Command) -> str | None:
    logs = [each for each in (command.stdout, command.stderr) if isinstance(each, Log)]
    return logs[0].path + NOTE_SUFFIX if any(each.limit_bytes for each in logs) else None


def _append(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
