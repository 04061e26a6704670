"""Which guarantees hold on this machine, each with what to do about it: the facts behind ``doctor``."""

from __future__ import annotations

import os
import resource
import shutil
from typing import TYPE_CHECKING, Final

from procession.kernel import pidfd
from procession.kernel.files import read_file
from procession.kernel.machine_memory import available_memory_bytes, memory_limits, swap, total_memory_bytes
from procession.kernel.memory_group import can_confine
from procession.kernel.pressure import stalled_s
from procession.kernel.processors import capacity, narrowest_quota
from procession.model.finding import Finding
from procession.model.units import format_size

if TYPE_CHECKING:
    from procession.daemon.paths import Paths
    from procession.supervisor.custody import Custody

_ROOM_BYTES: Final = 1 << 30
_DESCRIPTORS: Final = 4096
_WATCHES: Final = 8192


def check_guarantees(paths: Paths, custody: Custody) -> list[Finding]:
    """Look at everything once."""
    return [
        _check_keeper(custody),
        _check_groups(custody),
        _check_pidfd(),
        *_check_admission(),
        _check_exit_status(),
        _check_store(custody),
        _check_damage(custody),
        _check_room(paths),
        _check_descriptors(),
        _check_watches(),
        *_check_strangers(custody),
    ]


def _check_keeper(custody: Custody) -> Finding:
    pid = custody.keeper.pid
    if pid is None:
        return Finding(
            "keeper", False, "there is no keeper now; nothing new is started", "see daemon.log below the home"
        )
    return Finding("keeper", True, f"process {pid} is the parent of every task, and outlives this daemon")


def _check_groups(custody: Custody) -> Finding:
    base = custody.keeper.base
    if base is not None:
        return Finding("control groups", True, f"every tree is exact: below {base.path}")
    advice = "under systemd: Delegate=yes; in a container: a writable /sys/fs/cgroup"
    says = "no writable control group: a descendant that leaves its session and clears its environment gets away"
    return Finding("control groups", False, says, advice)


def _check_admission() -> list[Finding]:
    """Say by what it is decided who may start here."""
    limits = memory_limits()
    total, left = total_memory_bytes(limits), available_memory_bytes(limits)
    narrowest = min(limits, key=lambda each: each.limit_bytes) if limits else None
    whose = f"limited by {narrowest.directory}" if narrowest and narrowest.limit_bytes <= total else "of the machine"
    cpus = capacity(narrowest_quota())
    found = [
        Finding("memory", True, f"{format_size(left)} of {format_size(total)} available, {whose}"),
        Finding("processors", True, f"{cpus:g} may be used"),
    ]
    pressed = "" if stalled_s("memory") is not None else "Linux 4.20 or later, without psi=0"
    says = "the kernel tells when somebody waits for memory" if not pressed else "nobody tells how scarce memory is"
    found.append(Finding("pressure", not pressed or None, says, pressed))
    used = swap()
    found.append(Finding("swap", True, "none" if used is None else f"{format_size(used.free_bytes)} free; no room"))
    can = can_confine()
    says = "a task can be held to its memory (--contain)" if can else "no task can be held to its memory (--contain)"
    found.append(
        Finding("containment", can or None, says, "" if can else "it takes a writable memory group, version 1")
    )
    return found


def _check_pidfd() -> Finding:
    descriptor = pidfd.open_pidfd(os.getpid())
    if descriptor is None:
        return Finding("process descriptors", False, "the kernel has none", "use Linux 5.3 or later")
    inode = os.fstat(descriptor).st_ino
    os.close(descriptor)
    if inode < 2:
        says = "they are there, but not unique for ever: identity is boot, pid and start time"
        return Finding("process descriptors", True, says, "Linux 6.9 has unique ones")
    return Finding("process descriptors", True, "signals reach exactly the process they are meant for")


def _check_exit_status() -> Finding:
    release = os.uname().release
    version = tuple(int(part) for part in release.split("-")[0].split(".")[:2] if part.isdigit())
    if version >= (6, 15):
        return Finding("exit status without a keeper", True, "the kernel tells how a task ended that lost its keeper")
    says = f"Linux {release} does not tell how a task ended that lost its keeper: it ends as lost"
    return Finding("exit status without a keeper", False, says, "Linux 6.15 tells it")


def _check_store(custody: Custody) -> Finding:
    failure = custody.ledger.failure
    if failure is None:
        return Finding("store", True, f"{custody.ledger.store.path} is written")
    advice = "make room or make it writable; what runs goes on, and its ends are written down then"
    return Finding("store", False, f"{custody.ledger.store.path} cannot be written: {failure}", advice)


def _check_damage(custody: Custody) -> Finding:
    damaged = custody.ledger.store.damaged
    if not damaged:
        return Finding("records", True, "every record that was read could be believed")
    shown = "; ".join(damaged[:3])
    return Finding("records", False, f"{len(damaged)} were left out: {shown}", "somebody else wrote to the store")


def _check_room(paths: Paths) -> Finding:
    free = shutil.disk_usage(paths.home).free
    says = f"{format_size(free)} free for logs and the store at {paths.home}"
    advice = "" if free > _ROOM_BYTES else "make room, or `procession clean --max-log-size`"
    return Finding("disk", free > _ROOM_BYTES, says, advice)


def _check_descriptors() -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    says = f"{soft} descriptors for this daemon (at most {hard}); a running task takes up to four"
    return Finding("descriptors", soft >= _DESCRIPTORS, says, "" if soft >= _DESCRIPTORS else "raise ulimit -n")


def _check_watches() -> Finding:
    limit = int(read_file("/proc/sys/fs/inotify/max_user_watches") or b"0")
    instances = int(read_file("/proc/sys/fs/inotify/max_user_instances") or b"0")
    says = f"{limit} files can be watched, by {instances} programs; a running task needs two"
    advice = "" if limit >= _WATCHES else "sysctl fs.inotify.max_user_watches=65536"
    return Finding("inotify", limit >= _WATCHES, says, advice)


def _check_strangers(custody: Custody) -> list[Finding]:
    """Name what the keeper adopted and nobody can attribute to a task: killable by the operator, never forgotten."""
    return [
        Finding(
            "orphan",
            False,
            f"process {stray.pid} ({stray.command}) left its task's tree and cleared its environment",
            f"if it is not wanted: kill {stray.pid}",
        )
        for stray in custody.strays()
    ]
