"""Which boot of the machine this is: pids and start times mean something only with it."""

from __future__ import annotations

import functools

from procession.kernel import proc
from procession.kernel.files import read_file
from procession.model.record import Identity


@functools.cache
def boot_id() -> str:
    """Give the kernel's own name for this boot. Source: random(4)."""
    return read_file("/proc/sys/kernel/random/boot_id").decode().strip()


def identify(pid: int, inode: int = 0) -> Identity:
    """Say who ``pid`` is; ask only while it cannot be anybody else."""
    stat = proc.read_stat(pid)
    return Identity(boot_id=boot_id(), pid=pid, start_ticks=stat.start_ticks if stat else 0, inode=inode)


def is_alive(identity: Identity) -> bool:
    """Whether exactly this process lives."""
    stat = proc.read_stat(identity.pid) if identity.pid > 1 and identity.boot_id == boot_id() else None
    return stat is not None and not stat.is_gone and stat.start_ticks == identity.start_ticks
