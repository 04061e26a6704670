"""What everybody needs to start at all, and what must stay of it: descriptors, processes, the disk under our state."""

from __future__ import annotations

from typing import Final

from procession.model.amounts import format_size
from procession.model.machine import Machine

_DESCRIPTORS: Final = 64
_PROCESSES: Final = 32
_DISK_BYTES: Final = 1e6


def scarce(machine: Machine) -> str | None:
    """Say what is nearly used up, if anything is."""
    if machine.descriptors_free is not None and machine.descriptors_free < _DESCRIPTORS:
        return f"{machine.descriptors_free} file descriptors left, {_DESCRIPTORS} stay free"
    if machine.processes_free is not None and machine.processes_free < _PROCESSES:
        return f"{machine.processes_free} more processes allowed, {_PROCESSES} stay free"
    if machine.disk_free_bytes is not None and machine.disk_free_bytes < _DISK_BYTES:
        return f"{format_size(machine.disk_free_bytes)} left on the disk of the state directory"
    return None
