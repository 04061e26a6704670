"""Being asked to end: Ctrl-C, SIGTERM, SIGHUP and SIGQUIT, counted. The first asks, the second insists.

A signal that was ignored when we were started (nohup, a background job of a script) stays ignored.
Not here: what is ended, and Ctrl-Z (``job_control``).
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Interrupts:
    """How often we were asked to end, and by which signal first."""

    def __init__(self) -> None:
        self.count = 0
        self.first: int | None = None

    def note(self, number: int) -> int:
        """Count a request; return how many there were."""
        self.count += 1
        self.first = self.first or number
        return self.count


@contextlib.contextmanager
def catch_interrupts(on_request: Callable[[int, int], None]) -> Iterator[Interrupts]:
    """Inside the block, requests to end do not end us but call ``on_request(signal, how many so far)`` in the loop."""
    loop = asyncio.get_running_loop()
    interrupts = Interrupts()

    def note(number: int) -> None:
        on_request(number, interrupts.note(number))

    caught = [number for number in ENDING_SIGNALS if not is_ignored(number)]
    for number in caught:
        loop.add_signal_handler(number, note, number)
    try:
        yield interrupts
    finally:
        for number in caught:
            loop.remove_signal_handler(number)


def is_ignored(number: int) -> bool:
    """Whether whoever started us wants us not to hear this signal."""
    return signal.getsignal(number) is signal.SIG_IGN
