"""A tree known by its leader's session and by a cookie in the environment: the best there is without a control group.

A descendant that left the session *and* cleared its environment is beyond our knowledge here.
"""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial

from procession.kernel import pidfd, proc
from procession.kernel.fork_exec import Child
from procession.model.record import Identity, TreeMark
from procession.process.machine_kills import MachineKills
from procession.process.snapshot import COOKIE_VARIABLE, look_at_all, tokens_of
from procession.process.waiting import wait_for

STOP_LIMIT_S = 2.0
HOLD_LIMIT_S = 0.2
_YOUNG_S = 0.25
_YOUNG_PIDS = 64
_CHASES = 50
_CHASED_PIDS = 4


class SessionTree:
    """A tree known by the leader's session and by a cookie in the environment."""

    exact = False

    def __init__(self, known: str | None = None) -> None:
        """Think of a cookie nobody else has, or take the ``known`` one of a tree that lives or lived."""
        self._token = known or secrets.token_hex(8)
        self._leader = 0
        self._forked_at = 0.0  # for what is cheap with a young tree
        self._born_at = 0.0  # for what must not be older than it
        self._since = 0
        self._session_is_ours = True
        self._stopped_by_us: list[tuple[int, int]] = []
        self._was_stopped = False
        self._machine_kills = MachineKills()

    def fork(self, fork: Callable[[], Child]) -> Child:
        """Fork, and remember the leader and when it began."""
        child = fork()
        self.take_leader(child.pid)
        return child

    @property
    def mark(self) -> TreeMark:
        """The cookie."""
        return TreeMark(token=self._token)

    @property
    def leaf(self) -> str | None:
        """There is none."""
        return None

    def take_leader(self, pid: int) -> None:
        """Remember the leader and when it began."""
        self._leader = pid
        self._born_at = self._forked_at = time.monotonic()
        stat = proc.read_stat(pid)
        self._since = stat.start_ticks if stat else 0

    @property
    def is_frozen(self) -> bool:
        """Whether its leader stands still; whoever stopped it, `resume` lets all of it go on."""
        stat = proc.read_stat(self._leader) if self._leader else None
        return stat is not None and stat.state in proc.STOPPED_STATES

    def take_over(self, leader: Identity | None, *, is_alive: bool) -> None:
        """Know a tree that somebody else looked after: its session is trusted only if its leader lives."""
        if leader is not None:
            self._leader, self._since = leader.pid, leader.start_ticks
        self._born_at = time.monotonic()
        self._forked_at = -math.inf
        self._session_is_ours = is_alive
        self._was_stopped = self.is_frozen

    def environment(self) -> dict[str, str]:
        """The cookie, added to those of the trees that we are in ourselves."""
        outer = os.environ.get(COOKIE_VARIABLE)
        return {COOKIE_VARIABLE: f"{outer}:{self._token}" if outer else self._token}

    def pids(self) -> list[int]:
        """Scan everything that began after the leader for its session or its cookie."""
        self._session_is_still_ours()
        found = [stat.pid for stat in self._candidates() if self._is_member(stat)]
        # The session's number cannot be reused while one member lives; once it was seen empty it may be a stranger's.
        self._session_is_ours = self._session_is_ours and bool(found)
        return found

    def has(self, pid: int) -> bool:
        """Look at this one."""
        stat = proc.read_stat(pid)
        self._session_is_still_ours()
        return stat is not None and self._is_member(stat)

    def is_empty(self) -> bool:
        """Whether a look finds nothing; one that was taken for another tree will do."""
        try:
            if self._numbers_while_young() is not None:
                return not self.pids()
            members = self._members_seen(since=self._born_at)
            if members and not any(self.has(pid) for pid in members):
                members = self._members_seen(since=time.monotonic())
        except OSError:  # no descriptor left to look with
            return False
        self._session_is_ours = self._session_is_ours and bool(members)
        return not members

    def kill(self) -> None:
        """SIGKILL each, verified."""
        for pid in self.pids():
            self._kill_one(pid)
        self._chase(self._kill_one)

    async def freeze(self) -> None:
        """SIGSTOP each that runs, again and again until a scan finds nothing new."""
        await wait_for(self._stop_what_runs, STOP_LIMIT_S)

    async def hold(self) -> None:
        """SIGSTOP the leader alone: the others would see no difference, but hear of it."""
        self._stop_one(self._leader)
        await wait_for(self._leader_stands_still, HOLD_LIMIT_S)

    def _leader_stands_still(self) -> bool:
        stat = proc.read_stat(self._leader)
        return stat is None or stat.is_gone or stat.state in proc.STOPPED_STATES

    def thaw(self) -> None:
        """SIGCONT what we stopped, and nothing else."""
        for pid, start_ticks in self._stopped_by_us:
            with contextlib.suppress(PermissionError):
                pidfd.signal_if(pid, signal.SIGCONT, partial(_is_same, pid, start_ticks))
        self._stopped_by_us.clear()
        if self._was_stopped:  # by who looked after it before us, and knew whom
            self._was_stopped = False
            for pid in self.pids():
                with contextlib.suppress(PermissionError):
                    pidfd.signal_if(pid, signal.SIGCONT, partial(self.has, pid))

    def out_of_memory_kills(self) -> int | None:
        """Nobody counts them for one tree; but where the whole machine had none since, there were none here."""
        return self._machine_kills.since()

    def release(self) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Nothing is held."""

    def _kill_one(self, pid: int) -> None:
        with contextlib.suppress(PermissionError):
            pidfd.signal_if(pid, signal.SIGKILL, partial(self.has, pid))

    def _chase(self, act: Callable[[int], object]) -> None:
        """Look at the newest processes again and again: one that forks and exits for ever outruns a scan."""
        for _ in range(_CHASES):
            newest = proc.newest_pid()  # may be below the leader's: docs/design/gotchas.md, "Pids begin anew"
            for pid in range(newest, max(newest - _CHASED_PIDS, 0), -1):
                if self.has(pid):
                    act(pid)

    def _numbers_while_young(self) -> range | None:
        """Give the numbers since the leader's, if they are few: pids are handed out in order, and then anew."""
        if time.monotonic() - self._forked_at >= _YOUNG_S:
            return None
        newest = proc.newest_pid()
        return range(self._leader, newest + 1) if 0 <= newest - self._leader < _YOUNG_PIDS else None

    def _candidates(self) -> Iterator[proc.ProcessStat]:
        """Give who may be a member."""
        numbers = self._numbers_while_young()
        if numbers is None:
            return proc.scan_stats()
        return (stat for stat in map(proc.read_stat, numbers) if stat and not proc.is_other_thread(stat))

    def _members_seen(self, *, since: float) -> list[int]:
        seen = look_at_all(since=since)
        in_session = seen.by_session.get(self._leader, []) if self._session_is_still_ours() else []
        found = {stat.pid: stat for stat in (*in_session, *seen.by_token.get(self._token, []))}
        return [stat.pid for stat in found.values() if self._may_be_member(stat)]

    def _is_member(self, stat: proc.ProcessStat) -> bool:
        if not self._may_be_member(stat):
            return False
        return (stat.session == self._leader and self._session_is_ours) or self._token in tokens_of(stat.pid)

    def _session_is_still_ours(self) -> bool:
        """Know when another process has the leader's number: the session under it is that one's."""
        if self._session_is_ours:
            stat = proc.read_stat(self._leader)
            self._session_is_ours = stat is None or stat.start_ticks == self._since
        return self._session_is_ours

    def _may_be_member(self, stat: proc.ProcessStat) -> bool:
        return not stat.is_gone and stat.start_ticks >= self._since and stat.pid != os.getpid()

    def _stands_still(self, stat: proc.ProcessStat) -> bool:
        # Who waits in the kernel stops on its way out: a shell, say, whose vforked child we stopped before its exec.
        asked = stat.state == "D" and (stat.pid, stat.start_ticks) in self._stopped_by_us
        return asked or stat.state in proc.STOPPED_STATES

    def _stop_what_runs(self) -> bool:
        seen = map(proc.read_stat, self.pids())
        running = [stat for stat in seen if stat is not None and not self._stands_still(stat)]
        for stat in running:
            self._stop_one(stat.pid)
        before = len(self._stopped_by_us)
        self._chase(self._stop_one)
        return not running and len(self._stopped_by_us) == before

    def _stop_one(self, pid: int) -> None:
        stat = proc.read_stat(pid)
        if stat is None or stat.state in proc.STOPPED_STATES:
            return
        with contextlib.suppress(PermissionError):
            if pidfd.signal_if(pid, signal.SIGSTOP, partial(_is_same, pid, stat.start_ticks)):
                self._stopped_by_us.append((pid, stat.start_ticks))


def _is_same(pid: int, start_ticks: int) -> bool:
    stat = proc.read_stat(pid)
    return stat is not None and stat.start_ticks == start_ticks
