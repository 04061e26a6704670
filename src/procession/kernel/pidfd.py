"""Process descriptors: the one handle on a process that can never mean another one.

Sources: pidfd_open(2), pidfd_send_signal(2), waitid(2), include/uapi/linux/pidfd.h (PIDFD_GET_INFO).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import select
import signal
import struct
from collections.abc import Callable
from dataclasses import dataclass

from procession.kernel.pidfd_open import open_pidfd

__all__ = ["Reaped", "exit_status", "has_ended", "open_pidfd", "reap", "send_signal", "signal_if", "stop_state_changed"]

_INFO = struct.Struct("=QQ11IiII")
_PIDFD_GET_INFO = (3 << 30) | (_INFO.size << 16) | (0xFF << 8) | 11
_INFO_EXIT = 8
_EXIT_CODE_FIELD = 13


@dataclass(frozen=True, slots=True)
class Reaped:
    """What was learnt of an ended child. ``status`` is a raw wait status, None when nobody can know it any more."""

    status: int | None
    usage: resource.struct_rusage | None


def has_ended(pidfd: int) -> bool:
    """Whether the whole thread group has ended (zombie or reaped). Stopping is not ending."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(0))


def reap(pid: int, pidfd: int) -> Reaped | None:
    """Reap the child if it has ended; None while it lives. Never blocks, never touches another child.

    The status is peeked at through the pidfd first, so that a host which reaps everything (``waitpid(-1)``) cannot make
    us take a stranger's; if it was faster, the kernel may still tell (Linux 6.15).
    """
    try:
        peeked = os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return Reaped(exit_status(pidfd), None) if has_ended(pidfd) else None
    if peeked is None:
        return None
    with contextlib.suppress(ChildProcessError):
        reaped_pid, status, usage = os.wait4(pid, os.WNOHANG)
        if reaped_pid == pid:
            return Reaped(status, usage)
    return Reaped(_raw_status(peeked), None)


def exit_status(pidfd: int) -> int | None:
    """Ask the kernel for the raw wait status of an already reaped process, child or not; None if it cannot tell."""
    request = bytearray(_INFO.size)
    request[0] = _INFO_EXIT
    try:
        fcntl.ioctl(pidfd, _PIDFD_GET_INFO, request, True)
    except OSError:
        return None
    fields = _INFO.unpack(request)
    return int(fields[_EXIT_CODE_FIELD]) if fields[0] & _INFO_EXIT else None


def send_signal(pidfd: int, number: int) -> bool:
    """Signal exactly this process; False if it is gone. Raises: PermissionError."""
    try:
        signal.pidfd_send_signal(pidfd, number)
    except ProcessLookupError:
        return False
    return True


def signal_if(pid: int, number: int, is_still_meant: Callable[[], bool]) -> bool:
    """Signal ``pid``, verified *after* a descriptor was opened on it; False if it is gone. Raises: PermissionError."""
    descriptor = open_pidfd(pid)
    if descriptor is None:
        return False
    try:
        return is_still_meant() and send_signal(descriptor, number)
    finally:
        os.close(descriptor)


def stop_state_changed(pidfd: int) -> bool | None:
    """Tell what happened since last asked: True it was stopped, False it was continued, None neither."""
    try:
        change = os.waitid(os.P_PIDFD, pidfd, os.WSTOPPED | os.WCONTINUED | os.WNOHANG)
    except (ChildProcessError, ProcessLookupError):
        return None
    if change is None:
        return None
    return change.si_code != os.CLD_CONTINUED


def _raw_status(peeked: os.waitid_result) -> int:
    if peeked.si_code == os.CLD_EXITED:
        return peeked.si_status << 8
    return peeked.si_status | (0x80 if peeked.si_code == os.CLD_DUMPED else 0)
