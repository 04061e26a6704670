"""What signal state a child would inherit from this process, and how to hide it from the child.

exec keeps blocked masks and ignored signals; CPython's own spawning resets only SIGPIPE and SIGXFSZ. A job started
by a host that ignores SIGTERM would ignore it too (docs/design/gotchas.md, "Ignored signals pass through exec").
"""

from __future__ import annotations

import contextlib
import functools
import signal
import threading
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from procession.kernel.reserved_signals import reset_reserved_signals

_RESET_BY_EXEC = {signal.SIGKILL, signal.SIGSTOP, signal.SIGPIPE, signal.SIGXFSZ}
_INHERITABLE = tuple(sorted(int(each) for each in signal.valid_signals() - _RESET_BY_EXEC))
# the C functions: signal.getsignal builds an enum member per call
_signal: Any = import_module("_signal")
_IGNORED = int(signal.SIG_IGN)

_reset_reserved_once = functools.cache(reset_reserved_signals)


def ignored_signals() -> list[int]:
    """Give the signals this process ignores, without those that spawning resets anyway."""
    _reset_reserved_once()
    ask = _signal.getsignal
    return [number for number in _INHERITABLE if ask(number) == _IGNORED]


def has_blocked_signals() -> bool:
    """Whether this thread blocks any signal."""
    return bool(_signal.pthread_sigmask(signal.SIG_BLOCK, ()))


def can_hide(ignored: list[int]) -> bool:
    """Whether `hidden` would work here: Python lets only the main thread set handlers."""
    return not ignored or threading.current_thread() is threading.main_thread()


@contextlib.contextmanager
def hidden(ignored: list[int]) -> Iterator[None]:
    """Replace ignoring by a handler that does nothing: the same for us, and exec resets it to the default."""
    for number in ignored:
        _signal.signal(number, _do_nothing)
    try:
        yield
    finally:
        for number in ignored:
            _signal.signal(number, _IGNORED)


def _do_nothing(_number: int, _frame: object) -> None:
    pass
