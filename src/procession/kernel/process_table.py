"""All process trees in one pass over /proc: who belongs to which, and what each uses. Made for a thousand trees.

Of each process that belongs to a tree the descriptors of ``stat`` and ``io`` are kept and read again at 0, which saves
most of the time; a process that is gone says so itself (ESRCH), so a number that is given anew is never mistaken for
the old one. A process is attributed once, when it is first seen: by its parent, by the session of a tree's leader, by
its control group, or by the cookie that it was born with. Others are looked at anew every few passes only.
Source: proc(5). Not here: which trees there are, and what the figures mean (`procession.monitor.resources`).
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from procession.kernel.files import read_file

TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")

_LEAF: Final = re.compile(r"/procession-[^/]+/t\d+(?=/|$)", re.MULTILINE)
_STAT_BYTES: Final = 1024
_STRANGERS_EVERY: Final = 6
"""Passes between two looks at processes that belong to no tree: a number is given anew after thousands of others."""

_SHARE_OF_DESCRIPTORS: Final = 4
"""No more than one of so many that we may have is kept here."""


class Root(NamedTuple):
    """How the members of a tree are known: the leader, its control group (a path below /sys/fs/cgroup), its cookie."""

    leader: int
    leaf: str | None = None
    token: str | None = None


class TreeSum(NamedTuple):
    """One tree in one pass. Times are in seconds; I/O in bytes, as far as it can be seen, since the tree began.

    memory_bytes: resident, what is shared counted for each. cpu_s: with that of members that have gone. read_bytes,
    written_bytes: from and to storage. moved_bytes: through read(2) and write(2), pipes and terminals included.
    """

    pids: tuple[int, ...]
    threads: int
    memory_bytes: int
    cpu_s: float
    read_bytes: int
    written_bytes: int
    moved_bytes: int
    running: int


class _Process:
    """What is kept of one process."""

    __slots__ = ("cpu", "io", "io_fd", "parent", "rss", "session", "start", "stat_fd", "state", "threads", "tree")

    def __init__(self) -> None:
        self.tree: str | None = None
        self.stat_fd = self.io_fd = -1
        self.parent = self.session = self.cpu = self.threads = self.rss = self.start = 0
        self.state = b""
        self.io = (0, 0, 0)


class _Total:
    """What is known of a tree beyond its living members."""

    __slots__ = ("cpu", "gone_cpu", "gone_io", "io")

    def __init__(self) -> None:
        self.cpu = self.gone_cpu = 0
        self.io = self.gone_io = (0, 0, 0)


class _Owners:
    """Says which tree a process belongs to, cheapest way first."""

    def __init__(self, roots: Mapping[str, Root], tokens_of: Callable[[int], Iterable[str]]) -> None:
        self._leaders = {root.leader: key for key, root in roots.items()}
        self._leaves = {_leaf_in(root.leaf): key for key, root in roots.items() if root.leaf}
        self._tokens = {root.token: key for key, root in roots.items() if root.token}
        self._tokens_of = tokens_of

    def of(self, pid: int, session: int, above: str | None) -> str | None:
        """Give the key of its tree; ``above`` is that of its parent."""
        key = self._leaders.get(pid) or above or self._leaders.get(session)
        if key is None and self._leaves:
            key = self._leaves.get(_leaf_in(read_file(f"/proc/{pid}/cgroup").decode(errors="replace")))
        if key is None and self._tokens:
            key = next((self._tokens[each] for each in self._tokens_of(pid) if each in self._tokens), None)
        return key


class ProcessTable:
    """Looks at all trees at once; keeps what makes the next look cheap.

    tokens_of: gives the cookies of a process, asked once of each that is not known otherwise.
    """

    def __init__(self, tokens_of: Callable[[int], Iterable[str]] = lambda _: ()) -> None:
        self._tokens_of = tokens_of
        self._known: dict[int, _Process] = {}
        self._totals: dict[str, _Total] = {}
        self._members: dict[str, set[int]] = {}
        self._leaders: set[int] = set()
        self._passes = 0
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._room = soft // _SHARE_OF_DESCRIPTORS

    def look(self, roots: Mapping[str, Root]) -> dict[str, TreeSum]:
        """Give what each tree uses now; one of which nothing lives is not in it."""
        self._passes += 1
        listed = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        self._forget_gone(set(listed), roots)
        self._forget_young_strangers(roots)
        fresh = self._read_all(listed)
        self._attribute(fresh, roots)
        return self._sum(roots)

    def forget(self, key: str) -> None:
        """Let go of what is kept of a tree that nobody asks for any more."""
        self._totals.pop(key, None)
        for pid in self._members.pop(key, ()):
            process = self._known[pid]
            process.tree = None
            self._drop_descriptors(process)

    def close(self) -> None:
        """Let go of every descriptor."""
        for process in self._known.values():
            self._drop_descriptors(process)
        self._known.clear()
        self._members.clear()

    # --- reading ------------------------------------------------------------------------------------------------------

    def _forget_gone(self, listed: set[int], roots: Mapping[str, Root]) -> None:
        for pid in self._known.keys() - listed:
            self._forget(pid)
        for key in self._members.keys() - roots.keys():
            self.forget(key)

    def _forget_young_strangers(self, roots: Mapping[str, Root]) -> None:
        """Look anew at who was seen before its tree was made known to us: it was taken for nobody's."""
        leaders = {root.leader for root in roots.values()}
        new = leaders - self._leaders
        self._leaders = leaders
        if new:
            oldest = min(new)
            for pid in [pid for pid, each in self._known.items() if each.tree is None and pid >= oldest]:
                del self._known[pid]

    def _forget(self, pid: int) -> None:
        process = self._known.pop(pid)
        self._drop_descriptors(process)
        if process.tree is not None:
            self._members[process.tree].discard(pid)
        total = self._totals.get(process.tree or "")
        parent = self._known.get(process.parent)
        if total is not None:
            if parent is None or parent.tree != process.tree:  # else its parent waits for it, and takes its time over
                total.gone_cpu += process.cpu
            total.gone_io = _added(total.gone_io, process.io)

    def _read_all(self, listed: Iterable[int]) -> list[int]:
        """Read all that may be ours; give those that were not known before."""
        fresh = []
        looks_at_strangers = self._passes % _STRANGERS_EVERY == 0
        for pid in listed:
            process = self._known.get(pid)
            if process is None:
                process = self._known[pid] = _Process()
                fresh.append(pid)
            elif process.tree is None and not looks_at_strangers:
                continue
            born_at = process.start
            if not self._read(pid, process):
                self._forget(pid)
                if fresh and fresh[-1] == pid:
                    fresh.pop()
            elif born_at and process.start != born_at:  # somebody else has the number now
                self._drop_descriptors(process)
                if process.tree is not None:
                    self._members[process.tree].discard(pid)
                process.tree = None
                fresh.append(pid)
        return fresh

    def _read(self, pid: int, process: _Process) -> bool:
        if process.stat_fd >= 0:
            try:
                line = os.pread(process.stat_fd, _STAT_BYTES, 0)
            except OSError:  # it is gone
                self._drop_descriptors(process)
                line = read_file(f"/proc/{pid}/stat")
        else:
            line = read_file(f"/proc/{pid}/stat")
        fields = line[line.rfind(b")") + 2 :].split(None, 22)
        if len(fields) <= 21:
            return False
        process.state = fields[0]
        process.parent, process.session = int(fields[1]), int(fields[3])
        process.cpu = int(fields[11]) + int(fields[12]) + int(fields[13]) + int(fields[14])
        process.threads, process.start, process.rss = int(fields[17]), int(fields[19]), int(fields[21])
        return True

    # --- attributing --------------------------------------------------------------------------------------------------

    def _attribute(self, fresh: list[int], roots: Mapping[str, Root]) -> None:
        if not fresh:
            return
        owners = _Owners(roots, self._tokens_of)
        waiting = dict.fromkeys(fresh)
        while waiting:
            line = [next(iter(waiting))]
            while (parent := self._known[line[-1]].parent) in waiting and parent not in line:
                line.append(parent)
            for pid in reversed(line):  # a child is what its parent is, so that comes first
                del waiting[pid]
                process = self._known[pid]
                above = self._known.get(process.parent)
                process.tree = owners.of(pid, process.session, above.tree if above else None)
                if process.tree is not None:
                    self._members.setdefault(process.tree, set()).add(pid)
                    self._keep_descriptors(pid, process)

    def _keep_descriptors(self, pid: int, process: _Process) -> None:
        if self._room < 2:
            return
        with contextlib.suppress(OSError):
            process.stat_fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
            self._room -= 1
            process.io_fd = os.open(f"/proc/{pid}/io", os.O_RDONLY | os.O_CLOEXEC)
            self._room -= 1

    def _drop_descriptors(self, process: _Process) -> None:
        for fd in (process.stat_fd, process.io_fd):
            if fd >= 0:
                os.close(fd)
                self._room += 1
        process.stat_fd = process.io_fd = -1

    # --- summing ------------------------------------------------------------------------------------------------------

    def _sum(self, roots: Mapping[str, Root]) -> dict[str, TreeSum]:
        known = self._known
        living = {
            key: [pid for pid in sorted(pids) if known[pid].state not in b"ZX"] for key, pids in self._members.items()
        }
        return {key: self._sum_of(key, living[key]) for key in roots if living.get(key)}

    def _sum_of(self, key: str, pids: list[int]) -> TreeSum:
        total = self._totals.get(key)
        if total is None:
            total = self._totals[key] = _Total()
        threads = rss = running = 0
        cpu, io = total.gone_cpu, total.gone_io
        for pid in pids:
            process = self._known[pid]
            threads += process.threads
            rss += process.rss
            cpu += process.cpu
            running += process.state == b"R"
            self._read_io(pid, process)
            io = _added(io, process.io)
        total.cpu = max(total.cpu, cpu)  # a member that was waited for between two looks may count a moment late
        total.io = io = (max(total.io[0], io[0]), max(total.io[1], io[1]), max(total.io[2], io[2]))
        return TreeSum(tuple(pids), threads, rss * PAGE_BYTES, total.cpu / TICKS_PER_S, io[0], io[1], io[2], running)

    def _read_io(self, pid: int, process: _Process) -> None:
        try:
            text = os.pread(process.io_fd, _STAT_BYTES, 0) if process.io_fd >= 0 else read_file(f"/proc/{pid}/io")
        except OSError:
            return
        words = text.split()
        if len(words) >= 12:  # rchar: wchar: syscr: syscw: read_bytes: write_bytes:
            process.io = (int(words[9]), int(words[11]), int(words[1]) + int(words[3]))


def count_descriptors(pid: int) -> int | None:
    """Say how many descriptors ``pid`` has open; None if it is gone or not ours.

    The size of the directory says it since Linux 6.2; before that it is 0, and the names are counted.
    """
    try:
        return os.stat(f"/proc/{pid}/fd").st_size or len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return None


def read_pss(pid: int) -> int | None:
    """Give the proportional share of memory of ``pid``, in bytes: slow (the kernel walks all of it). None: unknown."""
    for line in read_file(f"/proc/{pid}/smaps_rollup").split(b"\n"):
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return None


def _added(one: tuple[int, int, int], other: tuple[int, int, int]) -> tuple[int, int, int]:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def _leaf_in(text: str) -> str:
    """Give the part of a path of a control group that names the tree's leaf; what is below that is in it, too."""
    match = _LEAF.search(text)
    return match[0] if match else ""
