"""All process trees in one pass over /proc: who belongs to which, and what each uses. Made for a thousand trees.

Of each process that belongs to a tree the descriptors of ``stat`` and ``io`` are kept and read again at 0, which saves
most of the time; a process that is gone says so itself (ESRCH), so a number that is given anew is never mistaken for
the old one. A process is attributed once, when it is first seen (`tree_owners`). Those of no tree are looked at anew
every few passes only. ``io`` is read of every member each time: who used no tick of processor time since the last look
may have moved megabytes, and who says a word now and then uses none for minutes.
Source: proc(5). Not here: what those leave who have gone (`departed`), which trees there are, and what the figures mean
(`procession.monitor.resources`).
"""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from procession.kernel.departed import NOTHING, Spent, add, left_behind
from procession.kernel.files import read_file, read_surely
from procession.kernel.tree_owners import Owners
from procession.kernel.tree_owners import Root as Root  # noqa: PLC0414 - who asks for a look says what for

TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")

_STAT_BYTES: Final = 1024
_STRANGERS_EVERY: Final = 6
"""Passes between two looks at processes that belong to no tree: a number is given anew after thousands of others."""

_SHARE_OF_DESCRIPTORS: Final = 4
"""No more than one of so many that we may have is kept here."""


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
    """What is kept of one process. ``own`` and ``waited`` are ticks: its own, and of children it waited for."""

    __slots__ = (
        "io", "io_before", "io_fd", "own", "parent", "rss", "session", "start", "stat_fd", "state", "threads", "tree",
        "waited", "waited_before",
    )  # fmt: skip

    def __init__(self) -> None:
        self.tree: str | None = None
        self.stat_fd = self.io_fd = -1
        self.parent = self.session = self.own = self.waited = self.waited_before = self.threads = 0
        self.rss = 0
        self.start = -1
        self.state = b""
        self.io = self.io_before = (0, 0, 0)

    @property
    def is_alive(self) -> bool:
        """Whether any thread of it runs: the letter is that of the first one, which others may outlive."""
        return self.state not in b"ZX" or self.threads > 1

    @property
    def spent(self) -> Spent:
        """All it has used, with what it took over."""
        return Spent(self.own + self.waited, *self.io)

    @property
    def gained(self) -> Spent:
        """How much of that may be taken over since the look before: what it read and wrote itself cannot be told."""
        return Spent(
            self.waited - self.waited_before,
            *(now - before for now, before in zip(self.io, self.io_before, strict=True)),
        )


class _Total:
    """What is known of a tree beyond its members: when its leader began, what was shown last, what others left."""

    __slots__ = ("born_ticks", "leader", "left", "shown")

    def __init__(self, root: Root) -> None:
        self.leader, self.born_ticks = root.leader, root.born_ticks
        self.shown = self.left = NOTHING


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
        listed = self._list()
        self._begin_and_end_trees(roots)
        self._forget_young_strangers(roots)
        gone = {pid: self._part_with(pid) for pid in self._known.keys() - set(listed)}
        fresh = self._read_all(listed, gone)
        self._attribute(fresh, roots)
        for key, left in left_behind(gone, self._known).items():
            self._totals[key].left = add(self._totals[key].left, left)
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

    def _list(self) -> list[int]:
        """Give every process there is; without a descriptor left to list them, those that were there before."""
        try:
            return [int(name) for name in os.listdir("/proc") if name.isdigit()]
        except OSError:
            return list(self._known)

    def _begin_and_end_trees(self, roots: Mapping[str, Root]) -> None:
        for key in self._totals.keys() - roots.keys():
            self.forget(key)
        for key, root in roots.items():
            total = self._totals.get(key)
            if total is None or total.leader != root.leader:
                self._totals[key] = _Total(root)

    def _forget_young_strangers(self, roots: Mapping[str, Root]) -> None:
        """Look anew at who was seen before its tree was made known to us: it was taken for nobody's."""
        leaders = {root.leader for root in roots.values()}
        new = leaders - self._leaders
        self._leaders = leaders
        if new:
            oldest = min(new)
            for pid in [pid for pid, each in self._known.items() if each.tree is None and pid >= oldest]:
                del self._known[pid]

    def _part_with(self, pid: int) -> _Process:
        process = self._known.pop(pid)
        self._drop_descriptors(process)
        if process.tree is not None:
            self._members[process.tree].discard(pid)
        return process

    def _read_all(self, listed: Iterable[int], gone: dict[int, _Process]) -> list[int]:
        """Read all that may be ours; give those that were not known before, and add to ``gone`` who was replaced."""
        fresh = []
        looks_at_strangers = self._passes % _STRANGERS_EVERY == 0
        for pid in listed:
            process = self._known.get(pid)
            if process is None:
                fresh += self._meet(pid)
            elif process.tree is None and not looks_at_strangers:
                continue
            elif not self._read(pid, process):  # somebody else has the number now
                gone[pid] = self._part_with(pid)
                fresh += self._meet(pid)
        return fresh

    def _meet(self, pid: int) -> list[int]:
        process = _Process()
        if self._read(pid, process) and process.start >= 0:
            self._known[pid] = process
            return [pid]
        return []

    def _read(self, pid: int, process: _Process) -> bool:
        """Read it anew; False, and nothing is changed, if it is not the one that was known.

        One that ends while we look keeps its figures for once: its parent may have been read before it waited.
        """
        try:
            line = self._read_stat(pid, process)
        except OSError:  # no descriptor left: what was seen last must do
            return True
        fields = line[line.rfind(b")") + 2 :].split(None, 22)
        if len(fields) <= 21:
            process.state, process.threads, process.rss = b"X", 0, 0
            return True
        start = int(fields[19])
        if start != process.start >= 0:
            return False
        process.start, process.state = start, fields[0]
        process.parent, process.session = int(fields[1]), int(fields[3])
        process.waited_before, process.io_before = process.waited, process.io
        process.own, process.waited = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
        process.threads, process.rss = int(fields[17]), int(fields[21])
        if process.state == b"Z" and process.threads > 1:
            process.rss = _rss_of_threads(pid)
        if process.tree is not None:
            self._read_io(pid, process)
        return True

    def _read_stat(self, pid: int, process: _Process) -> bytes:
        if process.stat_fd >= 0:
            try:
                return os.pread(process.stat_fd, _STAT_BYTES, 0)
            except OSError:  # it is gone; somebody else may have the number
                self._drop_descriptors(process)
        return read_surely(f"/proc/{pid}/stat")

    def _read_io(self, pid: int, process: _Process) -> None:
        try:
            text = os.pread(process.io_fd, _STAT_BYTES, 0) if process.io_fd >= 0 else read_file(f"/proc/{pid}/io")
        except OSError:
            return
        words = text.split()
        if len(words) >= 12:  # rchar: wchar: syscr: syscw: read_bytes: write_bytes:
            process.io = (int(words[9]), int(words[11]), int(words[1]) + int(words[3]))

    # --- attributing --------------------------------------------------------------------------------------------------

    def _attribute(self, fresh: list[int], roots: Mapping[str, Root]) -> None:
        if not fresh:
            return
        owners = Owners(roots, [key for key, root in roots.items() if self._may_lead(key, root)], self._tokens_of)
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
                    self._read_io(pid, process)

    def _may_lead(self, key: str, root: Root) -> bool:
        """Whether nobody else has the number of its leader, and with it perhaps a session of that name."""
        leader = self._known.get(root.leader)
        if leader is None:
            return True
        total = self._totals[key]
        if total.born_ticks is None:
            total.born_ticks = leader.start
        return leader.start == total.born_ticks

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
        sums = {key: self._sum_of(key, sorted(self._members[key])) for key in roots if key in self._members}
        return {key: each for key, each in sums.items() if each.pids}

    def _sum_of(self, key: str, members: Iterable[int]) -> TreeSum:
        """Add up those that live, and what those have used that nobody has waited for yet."""
        total = self._totals[key]
        pids = []
        threads = rss = running = 0
        ticks, read, written, moved = total.left
        for pid in members:
            process = self._known[pid]
            if process.is_alive:
                pids.append(pid)
                threads += process.threads
                rss += process.rss
                running += process.state == b"R"
            ticks += process.own + process.waited
            io = process.io
            read, written, moved = read + io[0], written + io[1], moved + io[2]
        # Members are read one after the other: who is waited for between two of them may count twice in this look.
        shown = total.shown = Spent(*map(max, total.shown, (ticks, read, written, moved)))
        return TreeSum(
            tuple(pids), threads, rss * PAGE_BYTES, shown.ticks / TICKS_PER_S, shown.read, shown.written, shown.moved,
            running,
        )  # fmt: skip


def _rss_of_threads(pid: int) -> int:
    """Give the pages of one whose first thread has ended: to that alone the memory belongs no more."""
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            fields = read_file(f"/proc/{pid}/task/{thread}/statm").split()
            if len(fields) > 1 and fields[1] != b"0":
                return int(fields[1])
    return 0


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
