"""What the machine has left, as one reading, taken by `procession.monitor.machine`. None: nobody here can say."""

from __future__ import annotations

from msgspec import Struct


class Gpu(Struct, frozen=True, kw_only=True):
    """One device."""

    index: int
    memory_total_bytes: int
    memory_free_bytes: int


class Machine(Struct, frozen=True, kw_only=True):
    """One reading, at ``at`` (seconds, by a clock that never jumps).

    memory_available_bytes: what can still be taken without swapping: of the machine and of every control group above
    us, less what can be given back. swapping_bytes_per_s: in and out, lately. cpus: how many processors' worth of time
    we may use; cpus_used: how many are used now, by whomever. memory_pressure, cpu_pressure, io_pressure: the share of
    the last moments (0 to 1) in which somebody waited for it. descriptors_free, processes_free: so many more can be
    opened and started. disk_free_bytes: where our state is.
    """

    at: float
    memory_total_bytes: int
    memory_available_bytes: int
    cpus: float
    cpus_used: float | None = None
    swap_free_bytes: int | None = None
    swapping_bytes_per_s: float | None = None
    memory_pressure: float | None = None
    cpu_pressure: float | None = None
    io_pressure: float | None = None
    descriptors_free: int | None = None
    processes_free: int | None = None
    disk_free_bytes: int | None = None
    gpus: tuple[Gpu, ...] = ()
