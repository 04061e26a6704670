"""How many more descriptors we can open, and how many more processes can be started.

Source: getrlimit(2), proc(5) (fd, loadavg, sys/kernel/threads-max); pids.max of
Documentation/admin-guide/cgroup-v2.rst. The limit per user (RLIMIT_NPROC) is not looked at: who else of this user runs
is not known without asking for everybody.
"""

from __future__ import annotations

import contextlib
import os
import resource

from procession.kernel.files import read_file
from procession.kernel.own_groups import OwnGroups, own_groups, read_number


def descriptors_free() -> int | None:
    """Count what is left of our own limit."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return None
    with contextlib.suppress(OSError):
        return max(soft - len(os.listdir("/proc/self/fd")) + 1, 0)
    return 0


def processes_free(groups: OwnGroups | None = None) -> int | None:
    """Count what is left of the limits of the machine and of every group above us; None: nobody says."""
    groups = groups or own_groups("pids")
    left = []
    for directory in (*groups.unified, *groups.legacy):
        most, now = read_number(f"{directory}/pids.max"), read_number(f"{directory}/pids.current")
        if most is not None and now is not None:
            left.append(most - now)
    most, words = read_number("/proc/sys/kernel/threads-max"), read_file("/proc/loadavg").split()
    if most is not None and len(words) >= 4:
        left.append(most - int(words[3].partition(b"/")[2] or 0))
    return max(min(left), 0) if left else None
