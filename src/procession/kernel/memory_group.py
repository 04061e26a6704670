"""A hard limit of memory for one process and all that it starts: then its explosion is its own end, and nobody else's.

By a control group of version 1, made for it. Of version 2 a group in which processes live cannot hand controllers down
(the rule of no internal processes), and our trees lie below the group that we live in ourselves.
Source: Documentation/admin-guide/cgroup-v1/memory.rst, cgroup-v2.rst ("No Internal Process Constraint").
"""

from __future__ import annotations

import contextlib
import os
import re

from procession.kernel.files import read_file, write_file
from procession.kernel.own_groups import own_groups

_OURS = re.compile(r"procession-m\d+-\d+")


def can_confine() -> bool:
    """Whether a process can be given a limit here."""
    return _home() is not None


def confine(pid: int, limit_bytes: int, leaf: str | None = None) -> str:
    """Limit ``pid``, all in the ``leaf`` of its tree, and what they start from now on. Give the group, to be removed.

    What was taken before that counts elsewhere: a few milliseconds, until we have heard of the start.

    Raises: OSError: there is no such group, or we may not.
    """
    home = _home()
    if home is None:
        raise FileNotFoundError("no control group of this machine limits memory and can be written by us")
    group = f"{home}/procession-m{os.getpid()}-{pid}"
    with contextlib.suppress(FileExistsError):
        os.mkdir(group, 0o755)
    write_file(f"{group}/memory.limit_in_bytes", b"%d" % limit_bytes)
    moved: set[bytes] = set()
    waiting = {b"%d" % pid}
    while waiting:  # who was forked while we moved the others is found in the next round
        for each in waiting:
            with contextlib.suppress(ProcessLookupError):
                write_file(f"{group}/cgroup.procs", each)
        moved |= waiting
        waiting = set(read_file(f"{leaf}/cgroup.procs").split()) - moved if leaf is not None else set()
    return group


def remove(group: str) -> None:
    """Remove it, if nobody lives in it any more."""
    with contextlib.suppress(OSError):
        os.rmdir(group)


def group_of(pid: int) -> str | None:
    """Find the group that was made for ``pid``, whoever we were then."""
    home = _home()
    for line in read_file(f"/proc/{pid}/cgroup").decode(errors="replace").splitlines():
        _, controllers, path = line.split(":", 2)
        name = path.rpartition("/")[2]
        if "memory" in controllers.split(",") and _OURS.fullmatch(name) and home is not None:
            return f"{home}/{name}"
    return None


def sweep() -> None:
    """Remove the groups of those that have ended while nobody looked; one in which somebody lives cannot be removed."""
    home = _home()
    if home is not None:
        for name in os.listdir(home):
            if _OURS.fullmatch(name):
                remove(f"{home}/{name}")


def _home() -> str | None:
    directories = own_groups("memory").legacy
    return directories[-1] if directories and os.access(f"{directories[-1]}/cgroup.procs", os.W_OK) else None
