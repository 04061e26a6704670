"""A control group that limits memory, of version 1 or 2, whichever this machine lets us make; and its end.

Whatever is in the group is ours, so it may be killed by what the group itself says. A guardian, a shell that waits for
our end of a pipe to close, does the same for us if we are killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from msgspec import Struct

PREFIX = "procession-bench"
REMOVAL_S = 10.0
_GUARDIAN = """
read -r _ignored
tries=0
while [ $tries -lt 100 ]; do
  left=no
  for group in $(find "$1" -depth -type d -path "$1/$2*" 2>/dev/null); do
    left=yes
    while read -r pid; do kill -KILL "$pid"; done < "$group/cgroup.procs"
    rmdir "$group"
  done
  [ $left = no ] && break
  tries=$((tries + 1))
  sleep 0.1
done
rm -rf "$3"
"""


class NoGroup(Exception):
    """Says why no group with a limit can be made here."""


class Place(Struct, frozen=True):
    """The directory below which groups are made."""

    version: Literal[1, 2]
    directory: Path


def find_place() -> Place:
    """Find where a group can be made and limited, nearest to our own first. Raises: NoGroup."""
    tried = []
    for place in _candidates():
        with contextlib.suppress(OSError):
            if place.version == 2:
                (place.directory / "cgroup.subtree_control").write_text("+memory")
        group = Group(place, place.directory / f"{PREFIX}-{os.getpid()}-try")
        try:
            group.directory.mkdir()
            group.limit(1 << 30)
        except OSError as error:
            tried.append(f"{place.directory}: {error.strerror}")
        else:
            return place
        finally:
            group.remove()
    found = "; ".join(tried) or "no memory controller is mounted"
    raise NoGroup(f"no control group with a limit of memory can be made here, neither of version 1 nor of 2 ({found})")


def _candidates() -> Iterator[Place]:
    own = dict(_own_paths())
    for version, mount in _mounts():
        path = own.get(version)
        if path is None:
            continue
        here = mount / path.lstrip("/")
        here = here if here.is_dir() else mount
        yield from (Place(version, each) for each in (here, *here.parents) if each.is_relative_to(mount))


def _mounts() -> Iterator[tuple[Literal[1, 2], Path]]:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _device, mount, kind, options = line.split()[:4]
        if kind == "cgroup" and "memory" in options.split(","):
            yield 1, Path(mount)
        elif kind == "cgroup2" and _has_memory(Path(mount)):
            yield 2, Path(mount)


def _has_memory(mount: Path) -> bool:
    """Tell whether the controller is in this hierarchy, and not in one of version 1 beside it."""
    with contextlib.suppress(OSError):
        return "memory" in (mount / "cgroup.controllers").read_text().split()
    return False


def _own_paths() -> Iterator[tuple[Literal[1, 2], str]]:
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _number, controllers, path = line.split(":", 2)
        if not controllers:
            yield 2, path
        elif "memory" in controllers.split(","):
            yield 1, path


class Group:
    """One group. Its files have other names in each version, and mean the same."""

    def __init__(self, place: Place, directory: Path) -> None:
        """Know where; nothing is made yet."""
        self.directory = directory
        self.limit_bytes = 0
        self._is_first = place.version == 1

    def limit(self, limit_bytes: int) -> None:
        """Allow so much memory, and no swap beside it. Raises: OSError."""
        self.limit_bytes = limit_bytes
        if self._is_first:
            self._write("memory.limit_in_bytes", limit_bytes)
            with contextlib.suppress(OSError):  # not every kernel counts swap
                self._write("memory.memsw.limit_in_bytes", limit_bytes)
            return
        self._write("memory.max", limit_bytes)
        with contextlib.suppress(OSError):
            self._write("memory.swap.max", 0)

    def _write(self, name: str, value: int) -> None:
        (self.directory / name).write_text(f"{value}\n")

    @property
    def entrance(self) -> str:
        """The file to which a process writes its id."""
        return str(self.directory / "cgroup.procs")

    def used_bytes(self) -> int:
        """Count what is charged now, less what the kernel could drop at once."""
        usage = self.directory / ("memory.usage_in_bytes" if self._is_first else "memory.current")
        word = "total_inactive_file" if self._is_first else "inactive_file"
        return int(usage.read_text()) - _counter(self.directory / "memory.stat", word)

    def oom_kills(self) -> int:
        """Count the processes that the kernel killed in it for want of memory."""
        if not self._is_first:
            return _counter(self.directory / "memory.events", "oom_kill")
        return sum(_counter(each / "memory.oom_control", "oom_kill") for each in self._directories())

    def _directories(self) -> list[Path]:
        return [Path(each) for each, *_ in os.walk(self.directory, topdown=False)]

    def kill(self) -> None:
        """End whatever is in it now."""
        for directory in self._directories():
            _kill_all(directory)

    def remove(self) -> None:
        """Kill all that is in it and take it away. Raises: RuntimeError: it would not go."""
        until = time.monotonic() + REMOVAL_S
        while self.directory.is_dir():
            self.kill()
            for directory in self._directories():
                with contextlib.suppress(OSError):
                    directory.rmdir()
            if time.monotonic() > until:
                raise RuntimeError(f"{self.directory} would not go")
            if self.directory.is_dir():
                time.sleep(0.01)  # a killed process is in it until it has given its memory back; nothing announces that


def _kill_all(directory: Path) -> None:
    with contextlib.suppress(OSError):
        for word in (directory / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(word), signal.SIGKILL)


def _counter(path: Path, word: str) -> int:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.split()[0] == word), 0)


@contextmanager
def open_group(place: Place, limit_bytes: int, number: int) -> Iterator[Group]:
    """Make one, and see to it that it is gone afterwards."""
    group = Group(place, place.directory / f"{PREFIX}-{os.getpid()}-{number}")
    try:
        group.directory.mkdir()
        group.limit(limit_bytes)
        yield group
    finally:
        group.remove()


@contextmanager
def keep_guard(place: Place, scratch: Path) -> Iterator[None]:
    """Let a shell tidy up groups and scratch directory, should we not come to it."""
    prefix = f"{PREFIX}-{os.getpid()}-"
    words = ["sh", "-c", _GUARDIAN, "guardian", str(place.directory), prefix, str(scratch)]
    quiet = subprocess.DEVNULL
    guardian = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        yield
    finally:
        guardian.communicate()
