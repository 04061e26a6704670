"""The life of a daemon: directories, lock, parts, socket, READY; then it serves until it is told to end.

SIGTERM and SIGINT end the daemon and leave its tasks running; the second one does not wait for answers under way.
SIGHUP is ignored: a daemon started from a terminal outlives it, and there is no configuration to read again.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import Any

from procession.api.app import build_app
from procession.api.desk import Desk
from procession.daemon.assemble import Parts, assemble
from procession.daemon.listen import listen_privately
from procession.daemon.lock import hold_lock
from procession.daemon.notify import Notifier
from procession.daemon.paths import Paths
from procession.daemon.serve import serving


async def run_daemon(paths: Paths, parts: Parts[Any, Any]) -> None:
    """Be the daemon of ``paths`` until a signal or a request ends it. Tasks go on.

    Raises: DaemonRunning, UnsafePath, StoreUnavailable, OSError: it never answered.
    """
    notifier = Notifier()
    ending = Ending()
    paths.make()
    with hold_lock(paths), ending.on_signals():
        notifier.status("starting")
        async with assemble(paths, parts) as desk:
            await _serve(paths, desk, notifier, ending)


class Ending:
    """Whether the daemon shall end (``asked``), and at once (``insisted``)."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.insisted = asyncio.Event()

    def ask(self) -> None:
        """Ask it to end; the second time, insist."""
        (self.insisted if self.asked.is_set() else self.asked).set()

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[None]:
        """Let signals ask, inside the block."""
        loop = asyncio.get_running_loop()
        # Handled by nothing rather than ignored: what is ignored passes through exec to every job.
        handlers: dict[int, Callable[[], None]] = {
            signal.SIGTERM: self.ask,
            signal.SIGINT: self.ask,
            signal.SIGHUP: lambda: None,
        }
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
        try:
            yield
        finally:
            for number in handlers:
                loop.remove_signal_handler(number)


async def _serve(paths: Paths, desk: Desk, notifier: Notifier, ending: Ending) -> None:
    parted = False

    def part() -> None:
        nonlocal parted
        parted = True
        ending.ask()

    app = build_app(desk, ending=ending.asked, part=part)
    with listen_privately(paths.api_socket) as listening:
        async with serving(app, listening, insisted=ending.insisted):
            notifier.ready("answering")
            await ending.asked.wait()
            notifier.stopping("ending; tasks go on")
    if not parted:
        await desk.shutdown(kill=False)
