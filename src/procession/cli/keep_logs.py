"""Giving every task of a run its logs: whatever the file does not send elsewhere is kept, to the last byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from procession.cli.complaints import remark
from procession.model.stdio import Log, Pipe, Pty
from procession.model.task import Task
from procession.process.wiring import NOTE_SUFFIX
from procession.supervisor.terminal_logs import TerminalLogs

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


def keep_terminals(paths: dict[str, str | None]) -> TerminalLogs:
    """Give the writer of what comes through terminals into the logs at ``paths``, by task."""

    def tell(task: str, path: str, error: OSError) -> None:
        remark(f"what {task} prints is kept no further in {path}: {error.strerror}")

    return TerminalLogs(paths.get, tell)


def _pty_log(task: Task, directory: str) -> str | None:
    streams = (task.command.stdout, task.command.stderr)
    return f"{directory}/{task.name}.out" if any(isinstance(each, Pty) for each in streams) else None


def _note_of(command: Command) -> str | None:
    logs = [each for each in (command.stdout, command.stderr) if isinstance(each, Log)]
    return logs[0].path + NOTE_SUFFIX if any(each.limit_bytes for each in logs) else None
