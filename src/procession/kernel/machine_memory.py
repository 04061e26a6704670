"""How much memory this machine or container has, how much can still be taken of it, and what a control group uses.

Source: proc_meminfo(5), proc_vmstat(5); Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst. Inside a
container ``/proc/meminfo`` shows the host, so the limits of every control group above us count, too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from procession.kernel.files import read_file
from procession.kernel.own_groups import OwnGroups, own_groups, read_number

_NO_LIMIT_V1 = 1 << 62
_NO_LIMIT = 1 << 62
_LIMITS_V2 = ("memory.max", "memory.high")
_LIMITS_V1 = ("memory.limit_in_bytes",)


class Swap(NamedTuple):
    """So much of it is free, and so much was moved in and out since the machine started, in bytes."""

    free_bytes: int
    moved_bytes: int


class Limit(NamedTuple):
    """A group above us, or ours, may have so much."""

    directory: str
    limit_bytes: int


def memory_limits(groups: OwnGroups | None = None) -> tuple[Limit, ...]:
    """Find every group around us that has a limit. It changes seldom."""
    groups = groups or own_groups("memory")
    return tuple(
        Limit(directory, limit)
        for directories, names in ((groups.unified, _LIMITS_V2), (groups.legacy, _LIMITS_V1))
        for directory in directories
        for name in names
        if (limit := read_number(f"{directory}/{name}")) is not None and limit < _NO_LIMIT_V1
    )


def total_memory_bytes(limits: Iterable[Limit] | None = None) -> int:
    """Give the memory that all of us together may have: of the machine, or of the narrowest group we are in."""
    limits = memory_limits() if limits is None else limits
    return min(_of_machine("MemTotal"), *(each.limit_bytes for each in limits), _NO_LIMIT)


def available_memory_bytes(limits: Iterable[Limit] | None = None) -> int:
    """Give what can still be taken without swapping; what can be given back at once (page cache) counts as free.

    Of the machine, or of the group around us that has the least left: its limit less what it uses, as of its
    ``inactive_file`` pages the kernel lets go first.
    """
    limits = memory_limits() if limits is None else limits
    left = [each.limit_bytes - _used(each.directory) for each in limits]
    # What cannot be read (no descriptor is left) is nothing, never all there is.
    return max(min(_field(read_file("/proc/meminfo"), "MemAvailable"), *left, _NO_LIMIT), 0)


def swap() -> Swap | None:
    """Say how swap is used; None where there is none."""
    text = read_file("/proc/meminfo")
    if not _field(text, "SwapTotal"):
        return None
    pages = re.findall(rb"^pswp(?:in|out) (\d+)", read_file("/proc/vmstat"), re.MULTILINE)
    return Swap(_field(text, "SwapFree"), sum(map(int, pages)) * os.sysconf("SC_PAGE_SIZE"))


def group_memory_bytes(leaf: str) -> int | None:
    """Give what a control group (version 2) uses, less the page cache that can be given back; None: nobody counts."""
    current = read_file(f"{leaf}/memory.current").strip()
    if not current.isdigit():
        return None
    return max(int(current) - _inactive_file(leaf, b"inactive_file"), 0)


def out_of_memory_kills() -> int | None:
    """Count the kernel's kills for want of memory, on the whole machine, since it started; None before Linux 4.13."""
    match = re.search(rb"^oom_kill (\d+)", read_file("/proc/vmstat"), re.MULTILINE)
    return int(match[1]) if match else None


def _of_machine(field: str) -> int:
    return _field(read_file("/proc/meminfo"), field) or os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _field(text: bytes, name: str) -> int:
    match = re.search(rb"^%s:\s+(\d+) kB" % name.encode(), text, re.MULTILINE)
    return int(match[1]) * 1024 if match else 0


def _used(directory: str) -> int:
    used = read_number(f"{directory}/memory.current")
    if used is not None:
        return used - _inactive_file(directory, b"inactive_file")
    used = read_number(f"{directory}/memory.usage_in_bytes") or 0
    return used - _inactive_file(directory, b"total_inactive_file")


def _inactive_file(directory: str, name: bytes) -> int:
    match = re.search(rb"^%s (\d+)" % name, read_file(f"{directory}/memory.stat"), re.MULTILINE)
    return int(match[1]) if match else 0
