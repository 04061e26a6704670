"""Control groups, version 2: exact trees of processes. Only the core files, which need no controller.

A *base* is a directory of our own below the group we live in; every tree gets a *leaf* below it. A child enters its
leaf by being born there: this process steps in, forks, and steps out again
(docs/decisions/0003-entering-a-cgroup.md).
Source: Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import threading
from collections.abc import Callable, Iterator

from procession.kernel import proc
from procession.kernel.files import read_file, read_surely, write_file
from procession.kernel.fork_exec import Child

_POOL_LIMIT = 64
_IN_A_LEAF = re.compile(r"(.*?)/procession-[^/]+/t\d+(/|$)")
_OCTAL = re.compile(rb"\\([0-7]{3})")


class Leaf:
    """One control group for one tree. Reused once it is empty."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        """Name an existing group."""
        self.path = path

    def pids(self) -> list[int]:
        """Give every process in it and below it. Zombies are not members."""
        return [int(line) for path in _subtree(self.path) for line in read_file(f"{path}/cgroup.procs").split()]

    def is_populated(self) -> bool:
        """Whether any live process is in it or below it; yes, while we have no descriptor left to look with."""
        try:
            return b"populated 1" in read_surely(f"{self.path}/cgroup.events")
        except OSError:
            return True

    def can_be_entered(self) -> bool:
        """Whether we (still) have the right to: a host may have given up root's since it was made."""
        return os.access(f"{self.path}/cgroup.procs", os.W_OK, effective_ids=True)

    def is_frozen(self) -> bool:
        """Whether every process of it has stopped running."""
        return b"frozen 1" in read_file(f"{self.path}/cgroup.events")

    def kill(self) -> None:
        """Kill all of it, whatever forks meanwhile, frozen or not."""
        write_file(f"{self.path}/cgroup.kill", b"1")

    def freeze(self) -> None:
        """Ask the kernel to stop all of it; `is_frozen` tells when it has."""
        write_file(f"{self.path}/cgroup.freeze", b"1")

    def thaw(self) -> None:
        """Let all of it run on."""
        write_file(f"{self.path}/cgroup.freeze", b"0")

    def out_of_memory_kills(self) -> int | None:
        """Count the processes of it that the kernel killed for want of memory; None where no controller tells."""
        match = re.search(rb"^oom_kill (\d+)", read_file(f"{self.path}/memory.events"), re.MULTILINE)
        return int(match[1]) if match else None


class Base:
    """Our directory of leaves. One per process; made on first use, removed at exit."""

    def __init__(self, home: str, name: str | None = None) -> None:
        """Make the directory below ``home``, the group this process lives in; go on with one of that ``name``.

        Raises: OSError: not allowed.
        """
        self._home = os.open(f"{home}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
        try:
            _sweep(home)
            self.path = f"{home}/{name or f'procession-{os.getpid()}-{_start_ticks(os.getpid())}'}"
            _make_directory(self.path, may_exist=name is not None)
            self._step_out()  # proves that we may move
            os.stat(f"{self.path}/cgroup.kill")
        except OSError:
            os.close(self._home)
            raise
        self.home_procs = f"{home}/cgroup.procs"
        found = [entry.path for entry in os.scandir(self.path) if entry.is_dir(follow_symlinks=False)]
        self._count = max((int(path.rpartition("/t")[2]) for path in found), default=0)
        self._free = [leaf for leaf in map(Leaf, found) if not leaf.is_populated()]
        for leaf in self._free:
            leaf.thaw()  # whoever left it may have killed it frozen
        self._lock = threading.Lock()

    def take_leaf(self) -> Leaf:
        """Give an empty leaf. Raises: OSError: the kernel has no room for another group."""
        with self._lock:
            if self._free:
                return self._free.pop()
            self._count += 1
            leaf = Leaf(f"{self.path}/t{self._count}")
        os.mkdir(leaf.path, 0o755)
        return leaf

    def claim(self, path: str) -> Leaf:
        """Give the leaf at ``path``, which a tree has already. Raises: OSError: it is gone, or none of ours."""
        if not _is_leaf_of(self.path, path):
            raise FileNotFoundError(errno.ENOENT, "not one of our control groups", path)
        os.stat(f"{path}/cgroup.procs")
        with self._lock:
            self._free = [leaf for leaf in self._free if leaf.path != path]
        return Leaf(path)

    def give_back(self, leaf: Leaf) -> None:
        """Take an empty leaf back for reuse."""
        with self._lock:
            if len(self._free) < _POOL_LIMIT and not _has_groups(leaf.path):
                self._free.append(leaf)
                return
        remove_group(leaf.path)

    def fork_inside(self, leaf: Leaf, fork: Callable[[], Child]) -> Child:
        """Call ``fork`` while this process stays in ``leaf``, so that the child is born there; give what it gives.

        One fork of ours at a time. Raises: OSError: the group cannot be entered; whatever ``fork`` raises.
        """
        with self._lock:
            write_file(f"{leaf.path}/cgroup.procs", b"0")
            try:
                return fork()
            finally:
                self._step_out()

    def put_back_strangers(self, leaf: Leaf, child: int) -> None:
        """Move children of this process other than ``child`` out of a leaf that was just entered."""
        for pid in leaf.pids():
            stat = proc.read_stat(pid) if pid != child else None
            if stat is not None and stat.ppid == os.getpid():
                with contextlib.suppress(OSError):
                    os.write(self._home, b"%d" % pid)

    def close(self) -> None:
        """Remove what is empty of our directory."""
        for leaf in self._free:
            remove_group(leaf.path)
        self._free.clear()
        remove_group(self.path)
        os.close(self._home)

    def forget(self) -> None:
        """After a fork of the host: the directory belongs to the parent; only our descriptor is let go."""
        os.close(self._home)

    def _step_out(self) -> None:
        os.write(self._home, b"0")


def find_home() -> str | None:
    """Find the version 2 group this process lives in, hybrid layouts included; None if there is none to be seen."""
    return locate_home(read_file("/proc/self/cgroup"), read_file("/proc/self/mountinfo"))


def locate_home(memberships: bytes, mountinfo: bytes) -> str | None:
    """Find the directory of a version 2 group in the text of ``/proc/self/cgroup`` and of ``mountinfo``. Pure."""
    own = next((line[3:] for line in memberships.splitlines() if line.startswith(b"0::")), None)
    if own is None or own.startswith(b"/.."):  # above the root of our cgroup namespace
        return None
    for line in mountinfo.splitlines():
        fields, _, filesystem = line.partition(b" - ")
        if filesystem.startswith(b"cgroup2 "):
            root, mount_point = (_unescape(each) for each in fields.split()[3:5])
            inside = _below(own, root)
            if inside is not None:
                return os.fsdecode(mount_point + inside).rstrip("/")
    return None


def outside_of_ours(path: str) -> str:
    """Give the group around all leaves that the group at ``path`` lies in; empty where it lies in none."""
    match = _IN_A_LEAF.match(path)
    return match[1] if match else ""


def remove_group(path: str) -> None:
    """Remove a group and the groups below it as far as they are empty."""
    for each in reversed(list(_subtree(path))):
        with contextlib.suppress(OSError):
            os.rmdir(each)


def _make_directory(path: str, *, may_exist: bool) -> None:
    try:
        os.mkdir(path, 0o755)
    except FileExistsError:
        if not may_exist:
            raise


def _is_leaf_of(base: str, path: str) -> bool:
    return path.startswith(f"{base}/t") and path.removeprefix(f"{base}/t").isdigit()


def _sweep(home: str) -> None:
    """Remove what dead processes of ours left empty: directories named after a pid and a start that are no more."""
    for entry in os.listdir(home):
        match = re.fullmatch(r"procession-(\d+)-(\d+)", entry)
        if match and _start_ticks(int(match[1])) != int(match[2]):
            remove_group(f"{home}/{entry}")


def _start_ticks(pid: int) -> int:
    stat = proc.read_stat(pid)
    return stat.start_ticks if stat else -1


def _subtree(path: str) -> Iterator[str]:
    yield path
    with contextlib.suppress(OSError), os.scandir(path) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _subtree(entry.path)


def _has_groups(path: str) -> bool:
    return os.stat(path).st_nlink > 2


def _below(path: bytes, root: bytes) -> bytes | None:
    """Give what of ``path`` lies below ``root``, beginning with a slash; None if it does not lie there."""
    root, path = root.rstrip(b"/"), path.rstrip(b"/")
    return path[len(root) :] if path == root or path.startswith(root + b"/") else None


def _unescape(field: bytes) -> bytes:
    return _OCTAL.sub(lambda match: bytes([int(match[1], 8)]), field)
