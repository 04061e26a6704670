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


class Leaves:
    """All the leaves that children of ours were ever born in."""

    def __init__(self, home_procs: str, move_high: Callable[[int], int]) -> None:
        """Hold the way back to the group we live in. Raises: OSError."""
        self._home = move_high(os.open(home_procs, os.O_WRONLY | os.O_CLOEXEC)) if home_procs else -1
        self._known: set[str] = set()

    def enter(self, leaf: str) -> None:
        """Step into a leaf. Raises: OSError; EBUSY if it is frozen: whoever steps in freezes."""
        if self._home < 0:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        frozen = read_file(f"{leaf}/cgroup.freeze").startswith(b"1")
        if frozen or b"frozen 1" in read_file(f"{leaf}/cgroup.events"):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        write_file(f"{leaf}/cgroup.procs", b"0")
        self._known.add(leaf)

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

    def _write(self, name: str, data: bytes) -> None:
        for leaf in self._known:
            try:
                write_file(f"{leaf}/{name}", data)
            except OSError:  # removed by the supervisor
                continue
