"""What the figures were taken on, and how much of it others were using. Reads; changes nothing."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import subprocess
import time
from importlib import metadata
from pathlib import Path

import msgspec

PACKAGES = ("procession", "msgspec", "trio", "anyio")


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Enough to judge a figure by; nothing that names the machine."""

    system: str
    kernel: str
    processor: str
    cpus: int
    memory_bytes: int
    load: tuple[float, float, float]
    versions: dict[str, str | None]
    trivial_program: str
    output_on: str


class CpuClock:
    """Started when made: tells afterwards which share of the processors went to neither us nor our children."""

    def __init__(self) -> None:
        """Notes where all counters stand."""
        self._began = time.monotonic()
        self._busy_s = busy_cpu_s()
        self._own_s = own_cpu_s()

    def foreign_share(self) -> float | None:
        """0 for a machine to ourselves, 1 for one on which others kept every processor busy; None if unknown."""
        busy_s = busy_cpu_s()
        if busy_s is None or self._busy_s is None:
            return None
        foreign_s = (busy_s - self._busy_s) - (own_cpu_s() - self._own_s)
        available_s = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        return min(1.0, max(0.0, foreign_s / available_s))


def describe_machine(trivial_program: str, output_directory: Path) -> Machine:
    """The machine now."""
    return Machine(
        system=platform.system(),
        kernel=platform.release(),
        processor=processor_name(),
        cpus=os.cpu_count() or 1,
        memory_bytes=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        load=os.getloadavg(),
        versions=versions(),
        trivial_program=trivial_program,
        output_on=file_system_of(output_directory),
    )


def versions() -> dict[str, str | None]:
    """Of everything that takes part; None for what is not installed."""
    return {
        "python": platform.python_version(),
        "node": node_version(),
        **{name: package_version(name) for name in PACKAGES},
    }


def package_version(name: str) -> str | None:
    """As installed; the package measured may be the tree's own and need not be."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def node_version() -> str | None:
    """Without its leading v."""
    if shutil.which("node") is None:
        return None
    done = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip().removeprefix("v") or None


def processor_name() -> str:
    """The model's name where the kernel gives it, else the architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def file_system_of(directory: Path) -> str:
    """The type of the file system the rivals write to: the longest mount point above the directory decides."""
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return "unknown"
    above = [mount for mount in mounts if directory.is_relative_to(mount[1])]
    return max(above, key=lambda mount: len(mount[1]))[2] if above else "unknown"


def busy_cpu_s() -> float | None:
    """CPU time the whole machine has spent at work since it started."""
    try:
        first = Path("/proc/stat").read_text().split("\n", 1)[0]
    except OSError:
        return None
    user, nice, system, _idle, _iowait, irq, softirq = map(int, first.split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def own_cpu_s() -> float:
    """CPU time of this process and of all its descendants that were reaped."""
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total
