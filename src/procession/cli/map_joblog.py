"""The log of jobs of `map`: a line for each that ended, and what an earlier run had done.

Not here: the form of a line (``model.joblog``).
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Final

from procession.errors import UsageError
from procession.model.joblog import HEADER, JobLine, exit_value_and_signal, read_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from procession.cli.map_job import MapJob

_MODE: Final = 0o666
_BLOCK_BYTES: Final = 1 << 16


class JobLog:
    """The file. With ``resume`` it is continued and what succeeded in it counts as done; else it begins anew."""

    def __init__(self, path: str, *, resume: bool) -> None:
        """Open it. Raises: UsageError: it cannot be, or what is there is no such log."""
        self._path = path
        self._done: Counter[tuple[str, ...]] = Counter()
        try:
            if resume:
                self._done = _read_done(path)
            mode = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._descriptor = os.open(path, mode if resume else mode | os.O_TRUNC, _MODE)
            _drop_torn_line(path, self._descriptor)
            if os.fstat(self._descriptor).st_size == 0:
                os.write(self._descriptor, HEADER.encode())
        except OSError as error:
            raise UsageError(f"--joblog: {path} cannot be used: {error.strerror}") from None

    def takes_as_done(self, argv: Sequence[str]) -> bool:
        """Whether this command was done before; what was done once counts once."""
        key = tuple(argv)
        if not self._done[key]:
            return False
        self._done[key] -= 1
        return True

    def note(self, job: MapJob) -> None:
        """Write the line of a job that is over. Raises: OSError."""
        assert job.outcome is not None
        exit_value, signal = exit_value_and_signal(job.outcome)
        line = JobLine(
            number=job.item.number,
            started_at=job.started_at,
            duration_s=job.duration_s,
            received_bytes=job.size_bytes(),
            exit_value=exit_value,
            signal=signal,
            argv=job.argv,
        )
        os.write(self._descriptor, os.fsencode(line.text()))

    def close(self) -> None:
        """Write no more."""
        os.close(self._descriptor)


def _read_done(path: str) -> Counter[tuple[str, ...]]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            return Counter(line.argv for line in read_lines(file, path) if line.ok)
    except FileNotFoundError:
        return Counter()


def _drop_torn_line(path: str, descriptor: int) -> None:
    """Cut off a last line that has no end: a line written behind it would be torn, too."""
    size = os.fstat(descriptor).st_size
    with open(path, "rb") as file:
        end = size
        while end:
            start = max(end - _BLOCK_BYTES, 0)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
    if end < size:
        os.ftruncate(descriptor, end)
