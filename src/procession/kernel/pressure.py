"""Pressure stall information: how much of the time somebody waited for memory, a processor or a disk.

``total`` is read, not the averages: that over ten seconds is slow for a program that takes a gigabyte a second. Where
the kernel lets us (Linux 6.5 for anybody, else with a privilege) it wakes us when memory gets short.
Source: Documentation/accounting/psi.rst. Absent before Linux 4.20, and with ``psi=0``.
"""

from __future__ import annotations

import contextlib
import os
import re
import select

from procession.kernel.files import read_file

PRESSURE = "/proc/pressure"
_TRIGGER = b"some 150000 2000000\0"
"""Told when somebody waited for 150 ms of 2 s: for whoever has no privilege it must be a multiple of 2 s."""

_SOME = re.compile(rb"^some .*total=(\d+)", re.MULTILINE)


def stalled_s(resource: str, directory: str = PRESSURE) -> float | None:
    """Give for how long somebody waited for ``resource`` (memory, cpu, io) since the machine started; None: unknown."""
    name = resource if directory == PRESSURE else f"{resource}.pressure"
    match = _SOME.search(read_file(f"{directory}/{name}"))
    return int(match[1]) / 1e6 if match else None


class Trigger:
    """Is readable (``fileno``) whenever somebody waited for memory for too long. To be closed."""

    def __init__(self, resource: str, directory: str = PRESSURE) -> None:
        """Register with the kernel. Raises: OSError: there is no such file, or we may not."""
        name = resource if directory == PRESSURE else f"{resource}.pressure"
        self._descriptor = os.open(f"{directory}/{name}", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        with contextlib.ExitStack() as undo:
            undo.callback(os.close, self._descriptor)
            os.write(self._descriptor, _TRIGGER)
            # It tells by POLLPRI, which an event loop does not listen to; an epoll of its own makes it readable.
            self._epoll = select.epoll(flags=select.EPOLL_CLOEXEC)
            self._epoll.register(self._descriptor, select.EPOLLPRI)
            undo.pop_all()

    def fileno(self) -> int:
        """Give the descriptor that gets readable."""
        return self._epoll.fileno()

    def take(self) -> bool:
        """Take the news that made it readable: whether it was one."""
        return bool(self._epoll.poll(0))

    def close(self) -> None:
        """Hear no more."""
        self._epoll.close()
        os.close(self._descriptor)
