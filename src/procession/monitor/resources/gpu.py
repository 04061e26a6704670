"""What the processes of this machine use of its graphics processors, through the vendor's own binding (pynvml).

Without the binding, a driver or a device there is nothing to tell, and nothing is asked again.
Source: the NVML API Reference Guide (nvmlDeviceGetComputeRunningProcesses, nvmlDeviceGetProcessUtilization).
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple


class GpuShare(NamedTuple):
    """What one process uses on all devices: bytes of their memory, and how many of them it keeps busy."""

    memory_bytes: int
    share: float


class NoGpus:
    """There is none."""

    def look(self) -> Mapping[int, GpuShare]:
        """Give what each process uses, by pid."""
        return {}

    def memory(self) -> list[tuple[int, int]]:
        """Give of each device how many bytes of memory it has, and how many are free."""
        return []

    def close(self) -> None:
        """Nothing is held."""


class NvidiaGpus(NoGpus):
    """Asks the binding. ``nvml`` is the module, which was initialised."""

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        self._devices = [nvml.nvmlDeviceGetHandleByIndex(number) for number in range(nvml.nvmlDeviceGetCount())]
        self._seen_until = [0] * len(self._devices)

    def look(self) -> Mapping[int, GpuShare]:
        """Give what each process uses, by pid; a device that cannot say it now is left out."""
        memory: dict[int, int] = {}
        busy: dict[int, float] = {}
        for number, device in enumerate(self._devices):
            for pid, memory_bytes in self._memory(device).items():
                memory[pid] = memory.get(pid, 0) + memory_bytes
            for sample in self._utilisation(number):
                busy[sample.pid] = busy.get(sample.pid, 0.0) + sample.smUtil / 100
        return {pid: GpuShare(memory.get(pid, 0), busy.get(pid, 0.0)) for pid in memory.keys() | busy.keys()}

    def memory(self) -> list[tuple[int, int]]:
        """Give of each device how many bytes of memory it has, and how many are free; one that cannot say it has 0."""
        known = []
        for device in self._devices:
            try:
                info = self._nvml.nvmlDeviceGetMemoryInfo(device)
                known.append((int(info.total), int(info.free)))
            except self._nvml.NVMLError:
                known.append((0, 0))
        return known

    def close(self) -> None:
        """Let go of the driver."""
        with contextlib.suppress(self._nvml.NVMLError):
            self._nvml.nvmlShutdown()

    def _memory(self, device: Any) -> dict[int, int]:
        """Give the bytes of each process on one device. Who computes and draws is in both lists, with the same sum."""
        used: dict[int, int] = {}
        for ask in (self._nvml.nvmlDeviceGetComputeRunningProcesses, self._nvml.nvmlDeviceGetGraphicsRunningProcesses):
            with contextlib.suppress(self._nvml.NVMLError):
                for process in ask(device):
                    used[process.pid] = max(used.get(process.pid, 0), int(process.usedGpuMemory or 0))
        return used

    def _utilisation(self, number: int) -> list[Any]:
        """Give the newest sample of each process since the last look at this device; their clocks are not one."""
        try:
            samples = list(self._nvml.nvmlDeviceGetProcessUtilization(self._devices[number], self._seen_until[number]))
        except self._nvml.NVMLError:  # also: nothing new
            return []
        self._seen_until[number] = max((each.timeStamp for each in samples), default=self._seen_until[number])
        newest = {each.pid: each for each in sorted(samples, key=lambda each: each.timeStamp)}
        return list(newest.values())


def find_gpus() -> NoGpus:
    """Find the devices of this machine, if it has any that can be asked."""
    try:
        nvml = importlib.import_module("pynvml")
    except ImportError:
        return NoGpus()
    try:
        nvml.nvmlInit()
        return NvidiaGpus(nvml)
    except nvml.NVMLError:
        return NoGpus()
