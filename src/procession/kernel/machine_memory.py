"""How much memory this machine or container has, and what a control group uses of it.

Source: proc_meminfo(5); Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst. Inside a container
``/proc/meminfo`` shows the host, so the limits of every control group above us count, too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from procession.kernel.files import read_file

_NO_LIMIT_V1 = 1 << 62


def total_memory_bytes() -> int:
    """Give the memory that all of us together may have: of the machine, or of the narrowest group we are in."""
    return min(_of_machine(), *_limits(), 1 << 62)


def group_memory_bytes(leaf: str) -> int | None:
    """Give what a control group (version 2) uses, less the page cache that can be given back; None: nobody counts."""
    current = read_file(f"{leaf}/memory.current").strip()
    if not current.isdigit():
        return None
    match = re.search(rb"^inactive_file (\d+)", read_file(f"{leaf}/memory.stat"), re.MULTILINE)
    return max(int(current) - (int(match[1]) if match else 0), 0)


def out_of_memory_kills() -> int | None:
    """Count the kernel's kills for want of memory, on the whole machine, since it started; None before Linux 4.13."""
    match = re.search(rb"^oom_kill (\d+)", read_file("/proc/vmstat"), re.MULTILINE)
    return int(match[1]) if match else None


def _of_machine() -> int:
    match = re.search(rb"^MemTotal:\s+(\d+) kB", read_file("/proc/meminfo"), re.MULTILINE)
    return int(match[1]) * 1024 if match else os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _limits() -> Iterator[int]:
    for line in read_file("/proc/self/cgroup").decode(errors="replace").splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0":
            yield from _limits_above("/sys/fs/cgroup", path, ("memory.max", "memory.high"))
        elif "memory" in controllers.split(","):
            yield from _limits_above("/sys/fs/cgroup/memory", path, ("memory.limit_in_bytes",))


def _limits_above(mount: str, path: str, names: tuple[str, ...]) -> Iterator[int]:
    parts = [part for part in path.split("/") if part]
    for depth in range(len(parts) + 1):
        directory = "/".join((mount, *parts[:depth]))
        for name in names:
            text = read_file(f"{directory}/{name}").strip()
            if text.isdigit() and int(text) < _NO_LIMIT_V1:
                yield int(text)
