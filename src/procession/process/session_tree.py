"""A tree known by its leader's session and by a cookie in the environment: the best there is without a control group.

A descendant that left the session *and* cleared its environment is beyond our knowledge here.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial

from procession.kernel import pidfd, proc
from procession.process.waiting import wait_for

COOKIE_VARIABLE = "PROCESSION_TREE"
"""Holds one token per tree that a process is in, outermost first, separated by ``:``."""

STOP_LIMIT_S = 2.0
_YOUNG_S = 0.25


class SessionTree:
    """A tree known by the leader's session and by a cookie in the environment."""

    exact = False

    def __init__(self) -> None:
        """Think of a cookie nobody else has."""
        self._token = secrets.token_hex(8)
        self._leader = 0
        self._forked_at = 0.0
        self._since = 0
        self._session_is_ours = True
        self._stopped_by_us: list[tuple[int, int]] = []

    def fork(self, fork: Callable[[], int]) -> int:
        """Fork, and remember the leader and when it began."""
        self._leader = fork()
        self._forked_at = time.monotonic()
        stat = proc.read_stat(self._leader)
        self._since = stat.start_ticks if stat else 0
        return self._leader

    def environment(self) -> dict[str, str]:
        """The cookie, added to those of the trees that we are in ourselves."""
        outer = os.environ.get(COOKIE_VARIABLE)
        return {COOKIE_VARIABLE: f"{outer}:{self._token}" if outer else self._token}

    def pids(self) -> list[int]:
        """Scan everything that began after the leader for its session or its cookie."""
        found = [stat.pid for stat in self._candidates() if self._is_member(stat)]
        # The session's number cannot be reused while one member lives; once it was seen empty it may be a stranger's.
        self._session_is_ours = self._session_is_ours and bool(found)
        return found

    def has(self, pid: int) -> bool:
        """Look at this one."""
        stat = proc.read_stat(pid)
        return stat is not None and self._is_member(stat)

    def is_empty(self) -> bool:
        """Whether a scan finds nothing."""
        return not self.pids()

    def kill(self) -> None:
        """SIGKILL each, verified."""
        for pid in self.pids():
            with contextlib.suppress(PermissionError):
                pidfd.signal_if(pid, signal.SIGKILL, partial(self.has, pid))

    async def freeze(self) -> None:
        """SIGSTOP each that runs, again and again until a scan finds nothing new."""
        await wait_for(self._stop_what_runs, STOP_LIMIT_S)

    def thaw(self) -> None:
        """SIGCONT what we stopped, and nothing else."""
        for pid, start_ticks in self._stopped_by_us:
            with contextlib.suppress(PermissionError):
                pidfd.signal_if(pid, signal.SIGCONT, partial(_is_same, pid, start_ticks))
        self._stopped_by_us.clear()

    def out_of_memory_kills(self) -> int:
        """Nobody counts here."""
        return 0

    def close(self) -> None:
        """Nothing is held."""

    def _candidates(self) -> Iterator[proc.ProcessStat]:
        """Give who may be a member. Pids are handed out in order: of a young tree, the numbers since the leader's."""
        newest = proc.newest_pid()
        if time.monotonic() - self._forked_at < _YOUNG_S and newest >= self._leader:
            numbers = range(self._leader, newest + 1)
            return (stat for stat in map(proc.read_stat, numbers) if stat is not None)
        return proc.scan_stats()

    def _is_member(self, stat: proc.ProcessStat) -> bool:
        if stat.is_gone or stat.start_ticks < self._since or stat.pid == os.getpid():
            return False
        if stat.session == self._leader and self._session_is_ours:
            return True
        return any(
            self._token in variable.decode(errors="replace").partition("=")[2].split(":")
            for variable in proc.read_environment(stat.pid)
            if variable.startswith(COOKIE_VARIABLE.encode() + b"=")
        )

    def _stop_what_runs(self) -> bool:
        running = [
            stat for pid in self.pids() if (stat := proc.read_stat(pid)) and stat.state not in proc.STOPPED_STATES
        ]
        for stat in running:
            with contextlib.suppress(PermissionError):
                if pidfd.signal_if(stat.pid, signal.SIGSTOP, partial(_is_same, stat.pid, stat.start_ticks)):
                    self._stopped_by_us.append((stat.pid, stat.start_ticks))
        return not running


def _is_same(pid: int, start_ticks: int) -> bool:
    stat = proc.read_stat(pid)
    return stat is not None and stat.start_ticks == start_ticks
