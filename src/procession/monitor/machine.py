"""One reading of what the machine has left: memory each time, the rest as often as it can have changed.

Rates are counted over a window of half a second or more, from two readings; the first has none. Not here: the files
(`procession.kernel`), and what follows from a reading (`procession.policy`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial
from typing import Final

from procession.kernel.headroom import descriptors_free, processes_free
from procession.kernel.machine_memory import Limit, available_memory_bytes, memory_limits, swap, total_memory_bytes
from procession.kernel.own_groups import own_groups
from procession.kernel.pressure import PRESSURE, Trigger, stalled_s
from procession.kernel.processors import capacity, narrowest_quota, used_s
from procession.model.machine import Gpu, Machine
from procession.monitor.resources.gpu import NoGpus, find_gpus

WINDOW_S: Final = 0.5
_STALE_S: Final = 30.0
"""A mean over longer says nothing of now."""

_SELDOM_S: Final = 2.0
_RESOURCES: Final = ("memory", "cpu", "io")


class Rate:
    """How fast a count grows, over windows of at least `WINDOW_S`."""

    def __init__(self) -> None:
        self._at_s: float | None = None
        self._count = 0.0
        self.per_s: float | None = None

    def take(self, read: Callable[[], float | None], now_s: float) -> float | None:
        """Read it, if it is time; give the rate of the last window that is over, None before there was one."""
        if self._at_s is None or now_s - self._at_s >= WINDOW_S:
            count = read()
            if count is None:
                self._at_s = self.per_s = None
                return None
            if self._at_s is not None and now_s - self._at_s > _STALE_S:
                self.per_s = None
            elif self._at_s is not None:
                self.per_s = max(count - self._count, 0.0) / (now_s - self._at_s)
            self._at_s, self._count = now_s, count
        return self.per_s


class MachineReader:
    """Reads. ``state_directory`` is where free disk matters. To be closed."""

    def __init__(self, state_directory: str | None = None, gpus: NoGpus | None = None) -> None:
        self._state_directory = state_directory
        self._given_gpus = gpus
        self._gpus: NoGpus | None = None
        self._memory = own_groups("memory")
        self._pids = own_groups("pids")
        self._quota = narrowest_quota()
        told = [each for each in self._memory.unified if os.path.exists(f"{each}/memory.pressure")]
        self._pressures = {PRESSURE, *told[-1:]}
        self._cpu, self._swapped = Rate(), Rate()
        self._stalls = {(resource, place): Rate() for resource in _RESOURCES for place in self._pressures}
        self._seldom_at_s = -_SELDOM_S
        self._limits: tuple[Limit, ...] = ()
        self._total_bytes, self._cpus = 0, 1.0
        self._swap_free_bytes: int | None = None
        self._descriptors_free: int | None = None
        self._processes_free: int | None = None
        self._disk_free_bytes: int | None = None
        self._devices: tuple[Gpu, ...] = ()
        self._trigger: Trigger | None = None

    def read(self, now_s: float) -> Machine:
        """Take a reading at ``now_s`` (by a clock that never jumps)."""
        if now_s - self._seldom_at_s >= _SELDOM_S:
            self._seldom_at_s = now_s
            self._read_seldom()
        stalls = {resource: self._stall(resource, now_s) for resource in _RESOURCES}
        return Machine(
            at=now_s,
            memory_total_bytes=self._total_bytes,
            memory_available_bytes=available_memory_bytes(self._limits),
            cpus=self._cpus,
            cpus_used=self._cpu.take(lambda: used_s(self._quota), now_s),
            swap_free_bytes=self._swap_free_bytes,
            swapping_bytes_per_s=self._swapped.take(self._count_swapped, now_s),
            memory_pressure=stalls["memory"],
            cpu_pressure=stalls["cpu"],
            io_pressure=stalls["io"],
            descriptors_free=self._descriptors_free,
            processes_free=self._processes_free,
            disk_free_bytes=self._disk_free_bytes,
            gpus=self._devices,
        )

    def watch_pressure(self, callback: Callable[[], object]) -> bool:
        """Call back as soon as somebody waits for memory, in the running loop; False: the kernel does not tell us."""
        for place in sorted(self._pressures, key=lambda each: each == PRESSURE):  # our own group first
            try:
                self._trigger = trigger = Trigger("memory", place)
            except OSError:
                continue
            asyncio.get_running_loop().add_reader(trigger.fileno(), partial(_pass_on, trigger, callback))
            return True
        return False

    def close(self) -> None:
        """Let go of what readings need."""
        if self._trigger is not None:
            asyncio.get_running_loop().remove_reader(self._trigger.fileno())
            self._trigger.close()
            self._trigger = None
        if self._gpus is not None:
            self._gpus.close()
            self._gpus = None

    def _stall(self, resource: str, now_s: float) -> float | None:
        """Give the share of the last window in which somebody waited, here or in our group, whichever is more."""
        taken = [
            self._stalls[resource, place].take(partial(stalled_s, resource, place), now_s) for place in self._pressures
        ]
        known = [min(each, 1.0) for each in taken if each is not None]
        return max(known) if known else None

    def _count_swapped(self) -> float | None:
        used = swap()
        self._swap_free_bytes = None if used is None else used.free_bytes
        return None if used is None else used.moved_bytes

    def _read_seldom(self) -> None:
        self._limits = memory_limits(self._memory)
        self._total_bytes = total_memory_bytes(self._limits)
        self._cpus = capacity(self._quota)
        self._descriptors_free = descriptors_free()
        self._processes_free = processes_free(self._pids)
        if self._state_directory is not None:
            try:
                disk = os.statvfs(self._state_directory)
                self._disk_free_bytes = disk.f_bavail * disk.f_frsize
            except OSError:
                self._disk_free_bytes = None
        if self._gpus is None:
            self._gpus = self._given_gpus or find_gpus()
        self._devices = tuple(
            Gpu(index=index, memory_total_bytes=total, memory_free_bytes=free)
            for index, (total, free) in enumerate(self._gpus.memory())
        )


def _pass_on(trigger: Trigger, callback: Callable[[], object]) -> None:
    if trigger.take():
        callback()
