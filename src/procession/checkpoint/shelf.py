"""The files of all tasks' checkpoints in one directory: put there, found again, removed. What is bad is set aside.

Everything here waits for the disk, so it is called in a thread; any number of threads may. Not here: what a file looks
like (``file``), and the store, which knows the same sooner.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Final

from procession.checkpoint.file import checkpoint_path, read_checkpoints, set_aside, write_checkpoints
from procession.errors import InvalidCheckpoint
from procession.kernel.whole_file import remove_unfinished
from procession.model.checkpoint import KEPT, Checkpoint, newest

_LOCKS: Final = 16


def _say_nothing(path: str, reason: str) -> None:
    """For those who do not want to know."""


class Shelf:
    """Keeps the last checkpoints of each task in ``directory``, which exists and is ours; nowhere without one.

    complain: called with the place where a bad file is now, and the reason, in the thread that met it; it must not call
    back.
    A number counts within one task: whoever takes on a new one with the name of an old one calls `remove` first.
    """

    def __init__(
        self,
        directory: str | None,
        *,
        complain: Callable[[str, str], None] = _say_nothing,
    ) -> None:
        self._directory = directory
        self._complain = complain
        # What is on the shelf is read and written anew under a lock; which one is told by the name of the task.
        self._locks = [threading.Lock() for _ in range(_LOCKS)]

    def path_of(self, task: str) -> str | None:
        """Say where the checkpoints of a task are. Raises: InvalidTask: that is no name."""
        return None if self._directory is None else checkpoint_path(self._directory, task)

    def put(self, checkpoint: Checkpoint, keep: int = KEPT) -> None:
        """Keep one more, on the disk when this returns; of two with the same number, the later call's.

        keep: so many of this task, the newest.

        Raises: InvalidCheckpoint: it is too large; OSError: it cannot be written, or what is there cannot be read.
        """
        path = self.path_of(checkpoint.task)
        if path is None:
            return
        with self._lock_of(checkpoint.task):
            kept = newest([*self._read(path, checkpoint.task), checkpoint], keep)
            if checkpoint in kept:  # else there are enough newer ones
                write_checkpoints(path, checkpoint.task, kept)

    def lags_behind(self, checkpoint: Checkpoint) -> bool:
        """Whether all that is there of its task is older: who was to write it was killed. Raises: OSError."""
        kept = self.read(checkpoint.task)
        return self._directory is not None and (not kept or kept[0].number < checkpoint.number)

    def catch_up(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Keep these of one task, which are all that is to be kept of it, and what is newer. Raises: as `put`."""
        task = checkpoints[0].task
        path = self.path_of(task)
        if path is not None:
            with self._lock_of(task):
                write_checkpoints(path, task, newest([*self._read(path, task), *checkpoints], len(checkpoints)))

    def read(self, task: str) -> list[Checkpoint]:
        """Give what is kept of a task, the newest first. Raises: OSError: it cannot be read."""
        path = self.path_of(task)
        if path is None:
            return []
        with self._lock_of(task):
            return self._read(path, task)

    def remove(self, task: str) -> None:
        """Remove what is kept of a task; what was set aside stays. Raises: OSError: it cannot be."""
        path = self.path_of(task)
        if path is None:
            return
        with self._lock_of(task):
            try:
                os.unlink(path)
            except FileNotFoundError:
                pass
            except IsADirectoryError:
                self._set_aside(path, "it is no plain file")

    def sweep(self) -> None:
        """Remove what was left unfinished by one who was killed while writing. Raises: OSError."""
        if self._directory is not None:
            remove_unfinished(self._directory)

    def _read(self, path: str, task: str) -> list[Checkpoint]:
        try:
            return read_checkpoints(path, task)
        except FileNotFoundError:
            return []
        except InvalidCheckpoint as error:
            self._set_aside(path, error.reason)
            return []

    def _set_aside(self, path: str, reason: str) -> None:
        self._complain(set_aside(path), reason)

    def _lock_of(self, task: str) -> threading.Lock:
        return self._locks[hash(task) % _LOCKS]
