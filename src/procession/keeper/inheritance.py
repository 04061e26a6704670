"""What the keeper inherits, and what its children must not inherit from it: signals, numbers, limits, the terminal.

Not here: what a child gets on purpose (`children`).
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` builds enums, which takes 4 ms
import fcntl
import os
import resource

from procession.kernel.libc import call_libc
from procession.kernel.reserved_signals import reset_reserved_signals

NOFILE = resource.RLIMIT_NOFILE

_PR_SET_CHILD_SUBREAPER = 36
_HIGH_FD = 512
_SURVIVED = (_signal.SIGHUP, _signal.SIGINT, _signal.SIGQUIT, _signal.SIGTERM, _signal.SIGCHLD)
_PYTHON_IGNORES = {_signal.SIGPIPE, _signal.SIGXFSZ}  # and resets in a child
_CANNOT_BE_HANDLED = {_signal.SIGKILL, _signal.SIGSTOP}


class Inheritance:
    """What was there at the start and is still owed to the children. ``wakeup_fd`` is readable after a signal."""

    __slots__ = ("_high_fd", "nofile_soft", "wakeup_fd")

    def __init__(self) -> None:
        """Make this process one that can be a parent for long. Once, before anything else is opened."""
        _leave_session()
        _fill_stdio()
        self.nofile_soft, hard = resource.getrlimit(NOFILE)
        resource.setrlimit(NOFILE, (hard, hard))
        self._high_fd = _HIGH_FD if hard == resource.RLIM_INFINITY or hard > 2 * _HIGH_FD else hard // 2
        call_libc("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.wakeup_fd = self._reset_signals()

    def move_high(self, fd: int) -> int:
        """Move a descriptor out of the numbers that children may ask for. Raises: OSError; it is closed then."""
        try:
            return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, self._high_fd)
        finally:
            os.close(fd)

    def _reset_signals(self) -> int:
        """Do nothing instead of ignoring: the same for us, and exec resets it for the children."""
        read_end, write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        read_end, write_end = self.move_high(read_end), self.move_high(write_end)
        reset_reserved_signals()
        _signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        for number in _signal.valid_signals() - _CANNOT_BE_HANDLED - _PYTHON_IGNORES:
            if number in _SURVIVED or _signal.getsignal(number) == _signal.SIG_IGN:
                _signal.signal(number, _do_nothing)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
        return read_end


class soft_limits:  # noqa: N801 - used like a function
    """A block in which the process has other soft limits: what it forks inherits them. No hard limit is touched."""

    __slots__ = ("_before", "_wanted")

    def __init__(self, wanted: dict[int, int]) -> None:
        """Say which."""
        self._wanted = wanted
        self._before: list[tuple[int, tuple[int, int]]] = []

    def __enter__(self) -> None:
        """Set them, none above its hard limit. Raises: OSError, ValueError: no such resource."""
        try:
            for number, soft in self._wanted.items():
                before = resource.getrlimit(number)
                lowered = _lower(soft, before[1])
                if lowered != before[0]:
                    resource.setrlimit(number, (lowered, before[1]))
                    self._before.append((number, before))
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        """Set back what was changed."""
        for number, before in self._before:
            resource.setrlimit(number, before)


def _lower(soft: int, hard: int) -> int:
    if hard == resource.RLIM_INFINITY:
        return soft
    return hard if soft == resource.RLIM_INFINITY else min(soft, hard)


def _leave_session() -> None:
    try:
        os.setsid()
    except PermissionError:  # we lead one already
        return


def _fill_stdio() -> None:
    """Let nothing of ours get the numbers 0, 1 and 2, if whoever started us closed them."""
    while (fd := os.open("/dev/null", os.O_RDWR)) <= 2:
        pass
    os.close(fd)


def _do_nothing(_number: int, _frame: object) -> None:
    pass
