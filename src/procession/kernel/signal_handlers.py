"""Whether a process has a handler for a signal: one that has none may die of it.

Source: proc(5), ``SigCgt`` of ``/proc/<pid>/status``: a mask of the signals that are caught, in hexadecimal.
"""

from __future__ import annotations

from procession.kernel.files import read_file


def catches(pid: int, number: int) -> bool | None:
    """Say whether ``pid`` has a handler for signal ``number``; None: there is no such process, or nobody says so."""
    for line in read_file(f"/proc/{pid}/status").splitlines():
        name, found, value = line.partition(b":")
        if found and name == b"SigCgt":
            return bool(int(value, 16) >> (number - 1) & 1)
    return None
