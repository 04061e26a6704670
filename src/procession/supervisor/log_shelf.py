"""Where the daemon's tasks print: one private folder per task, a log per stream, for all of its attempts.

``<shelf>/<task>/stdout`` and ``stderr``; beside them ``stdout.arrivals``, the note, ``stdin``, if its input was handed
over with it, and ``messages``, what came through its channel. Retries append, so an offset means the same for ever.
Not here: writing (the tasks do it themselves) and reading (``procession.streams``).
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any, Final

from procession.errors import InvalidTask, StdioUnavailable
from procession.model.names import check_name
from procession.model.stdio import Descriptor, File, Inherit, Log, Pipe, Pty, Stdin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from procession.model.command import Command


SPOOL: Final = "spool"
"""The folder beside the shelf in which whoever submits a task lays the input that is to go with it."""

MESSAGES: Final = "messages"


class LogShelf:
    """The folder of all logs; each new log keeps at most ``limit_bytes``, head and tail."""

    def __init__(self, path: str, limit_bytes: int | None = None) -> None:
        self.path = path
        self._limit_bytes = limit_bytes
        self.spool = os.path.join(os.path.dirname(path), SPOOL)

    def folder(self, task: str) -> str:
        """Give the folder of a task. Raises: InvalidTask: for an id that is no id."""
        return os.path.join(self.path, check_name(task, "id"))

    def place(self, task: str, command: Command) -> Command:
        """Give the command with logs where it has pipes. Raises: InvalidTask: it wants streams of a program that ends.

        A terminal stays one: what comes through it is written into its log by the supervisor.
        """
        _check_reachable(command)
        folder = self.folder(task)
        changes: dict[str, Any] = {
            stream: Log(os.path.join(folder, stream), self._limit_bytes)
            for stream in ("stdout", "stderr")
            if isinstance(getattr(command, stream), Pipe)
        }
        if command.channel and command.message_log is None:
            changes["message_log"] = Log(os.path.join(folder, MESSAGES), self._limit_bytes)
        stdin = self._take_over(command.stdin, folder)
        if stdin is not command.stdin:
            changes["stdin"] = stdin
        return command.placed(**changes)

    def make_room(self, task: str, command: Command) -> None:
        """Make the folder of a task that is about to write into it. Raises: StdioUnavailable."""
        ends = (command.stdin, command.stdout, command.stderr, command.message_log)
        if not any(isinstance(each, (Log, Pty)) for each in ends):
            return
        folder = self.folder(task)
        try:
            _make(folder)
        except OSError as error:
            raise StdioUnavailable(
                f"cannot start {command}: {folder}, for its logs, cannot be made: {error.strerror}",
                command=str(command),
                stream="log",
                path=folder,
                errno=error.errno,
            ) from error

    def _take_over(self, stdin: Stdin, folder: str) -> Stdin:
        """Put input that was handed over with a task to its logs: it goes with them."""
        if not isinstance(stdin, File) or os.path.dirname(stdin.path) != self.spool:
            return stdin
        own = os.path.join(folder, "stdin")
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            os.rename(stdin.path, own)
        except OSError as error:
            raise InvalidTask("command.stdin", f"cannot be taken over: {error.strerror}") from None
        return File(own)

    def logs(self, task: str, command: Command) -> dict[str, str]:
        """Name the logs of a task by stream, also the one of its terminal."""
        named = {stream: getattr(command, stream) for stream in ("stdout", "stderr")}
        paths = {stream: each.path for stream, each in named.items() if isinstance(each, Log)}
        if any(isinstance(each, Pty) for each in named.values()):
            paths["stdout"] = self.terminal_log(task)
        if command.message_log is not None:
            paths[MESSAGES] = command.message_log.path
        return paths

    def terminal_log(self, task: str) -> str:
        """Name the log of what comes through a task's terminal."""
        return os.path.join(self.folder(task), "stdout")

    def remove(self, task: str) -> int:
        """Remove a task's logs; give how many bytes that freed."""
        freed = self.size(task)
        shutil.rmtree(self.folder(task), ignore_errors=True)
        return freed

    def size(self, task: str) -> int:
        """Say how many bytes a task's logs take on the disk."""
        return sum(_blocks(self.folder(task)))

    def sizes(self) -> dict[str, int]:
        """Say it of every task that has logs."""
        try:
            names = os.listdir(self.path)
        except FileNotFoundError:
            return {}
        return {name: sum(_blocks(os.path.join(self.path, name))) for name in names}


def _make(folder: str) -> None:
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:  # of an earlier attempt
        return
    except FileNotFoundError:  # somebody removed the shelf
        os.makedirs(folder, mode=0o700, exist_ok=True)


def _blocks(folder: str) -> Iterator[int]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry.stat(follow_symlinks=False).st_blocks * 512
    except (FileNotFoundError, NotADirectoryError):
        return


def _check_reachable(command: Command) -> None:
    for stream in ("stdin", "stdout", "stderr"):
        if isinstance(getattr(command, stream), (Inherit, Descriptor)):
            hint = "use a file, null or a pty; without a word, what it prints goes to its log"
            raise InvalidTask(f"command.{stream}", "cannot be ours: this program ends before the task", hint=hint)
    if command.fds:
        raise InvalidTask("command.fds", "cannot be given: this program ends before the task")
