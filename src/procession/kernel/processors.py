"""How many processors' worth of time we may use, and how much of that is used by whomever.

``os.cpu_count()`` knows neither a mask nor a quota. The load average is no measure of use: it lags by a minute, and
counts who waits for a disk. Source: proc_stat(5), sched_getaffinity(2); cpu.max and cpu.stat of
Documentation/admin-guide/cgroup-v2.rst, cpu.cfs_quota_us and cpuacct.usage of version 1.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from procession.kernel.files import read_file
from procession.kernel.own_groups import OwnGroups, own_groups, read_number

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_BUSY = (0, 1, 2, 5, 6)
"""user, nice, system, irq, softirq: neither idle, nor waiting for a disk, nor taken by somebody beside this machine."""


class Quota(NamedTuple):
    """A group that may use no more than so many processors."""

    directory: str
    cpus: float


def narrowest_quota(groups: OwnGroups | None = None) -> Quota | None:
    """Find the group around us that is allowed the least; None: no group limits us."""
    quotas = list(_quotas(groups or own_groups("cpu")))
    return min(quotas, key=lambda each: each.cpus) if quotas else None


def capacity(quota: Quota | None) -> float:
    """Give how many processors' worth of time we may use."""
    allowed = float(len(os.sched_getaffinity(0)))
    return allowed if quota is None else min(allowed, quota.cpus)


def used_s(quota: Quota | None) -> float | None:
    """Give the processor time used since some start, of those we may use: by our group where it has a quota."""
    if quota is not None:
        return _used_by_group(quota.directory)
    mine = {f"cpu{number}".encode() for number in os.sched_getaffinity(0)}
    ticks = 0
    for line in read_file("/proc/stat").splitlines():
        name, *fields = line.split()
        if name in mine:
            ticks += sum(int(fields[index]) for index in _BUSY)
        elif not name.startswith(b"cpu"):
            break
    return ticks / _TICKS_PER_S if ticks else None


def _quotas(groups: OwnGroups) -> Iterator[Quota]:
    for directory in groups.unified:
        words = read_file(f"{directory}/cpu.max").split()
        if len(words) == 2 and words[0].isdigit() and words[1].isdigit() and int(words[1]):
            yield Quota(directory, int(words[0]) / int(words[1]))
    for directory in groups.legacy:
        quota = read_number(f"{directory}/cpu.cfs_quota_us")
        period = read_number(f"{directory}/cpu.cfs_period_us")
        if quota and period:
            yield Quota(directory, quota / period)


def _used_by_group(directory: str) -> float | None:
    for line in read_file(f"{directory}/cpu.stat").splitlines():
        name, _, value = line.partition(b" ")
        if name == b"usage_usec" and value.isdigit():
            return int(value) / 1e6
    nanoseconds = read_number(f"{directory}/cpuacct.usage")
    return None if nanoseconds is None else nanoseconds / 1e9
