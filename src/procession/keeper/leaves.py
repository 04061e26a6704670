"""The control groups that children are born in: entered for the fork, left after it, removed at the end.

Not here: making leaves and acting on them while the supervisor lives; that is the supervisor's.
"""

from __future__ import annotations

import errno
import os

from procession.kernel.files import read_file, write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


_OPEN_LEAVES = 256
"""More than the supervisor keeps for reuse: to find and open three files takes longer than to use them. While nobody
lives, none is held."""


class Leaves:
    """All the leaves that children of ours were ever born in."""

    def __init__(self, home_procs: str, move_high: Callable[[int], int]) -> None:
        """Hold the way back to the group we live in. Raises: OSError."""
        self._home = move_high(os.open(home_procs, os.O_WRONLY | os.O_CLOEXEC)) if home_procs else -1
        self._move_high = move_high
        self._known: set[str] = set()
        self._open: dict[str, _OpenLeaf] = {}

    def enter(self, leaf: str) -> None:
        """Step into a leaf. Raises: OSError; EBUSY if it is frozen: whoever steps in freezes."""
        if self._home < 0:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        try:
            self._opened(leaf).enter()
        except OSError as error:
            if error.errno != errno.ENODEV:
                raise
            self._close(leaf)  # it was removed, and perhaps made anew
            self._opened(leaf).enter()
        self._known.add(leaf)

    def let_go(self) -> None:
        """Hold nothing open while nobody lives."""
        for leaf in tuple(self._open):
            self._close(leaf)

    def step_out(self) -> None:
        """Go home. Raises: OSError."""
        os.write(self._home, b"0")

    def pids(self) -> list[int]:
        """Give all their members."""
        return [int(line) for leaf in self._known for line in read_file(f"{leaf}/cgroup.procs").split()]

    def thaw(self) -> None:
        """Let all of them run: handlers of signals wait while they are frozen."""
        self._write("cgroup.freeze", b"0")

    def kill(self) -> None:
        """Kill all of them, whatever forks meanwhile."""
        self._write("cgroup.kill", b"1")

    def remove(self) -> None:
        """Remove them and the directories they stand in, as far as they are empty."""
        for path in (*self._known, *{leaf.rpartition("/")[0] for leaf in self._known}):
            try:
                os.rmdir(path)
            except OSError:
                continue

    def _opened(self, leaf: str) -> _OpenLeaf:
        known = self._open.get(leaf)
        if known is None:
            if len(self._open) >= _OPEN_LEAVES:
                self._close(next(iter(self._open)))
            known = self._open[leaf] = _OpenLeaf(leaf, self._move_high)
        return known

    def _close(self, leaf: str) -> None:
        self._open.pop(leaf).close()

    def _write(self, name: str, data: bytes) -> None:
        for leaf in self._known:
            try:
                write_file(f"{leaf}/{name}", data)
            except OSError:  # removed by the supervisor
                continue


class _OpenLeaf:
    """The files of one leaf that are needed to step in."""

    __slots__ = ("_events", "_freeze", "_procs")

    def __init__(self, leaf: str, move_high: Callable[[int], int]) -> None:
        """Open them. Raises: OSError."""
        self._freeze = self._events = self._procs = -1
        try:
            self._freeze = move_high(os.open(f"{leaf}/cgroup.freeze", os.O_RDONLY | os.O_CLOEXEC))
            self._events = move_high(os.open(f"{leaf}/cgroup.events", os.O_RDONLY | os.O_CLOEXEC))
            self._procs = move_high(os.open(f"{leaf}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC))
        except OSError:
            self.close()
            raise

    def enter(self) -> None:
        """Step in. Raises: OSError; EBUSY if it is frozen, ENODEV if it was removed."""
        if os.pread(self._freeze, 1, 0) == b"1" or b"frozen 1" in os.pread(self._events, 256, 0):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        os.write(self._procs, b"0")

    def close(self) -> None:
        """Close what is open."""
        for fd in (self._freeze, self._events, self._procs):
            if fd >= 0:
                os.close(fd)
