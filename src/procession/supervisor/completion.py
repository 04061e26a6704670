"""Whether one attempt has done its work: its completion file is there. Told once; then it has its grace to end itself.

Not here: the looking (`procession.monitor.file`), and what its end means then (`procession.supervisor.endings`).
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from procession.model.event import Done
from procession.monitor.file import wait_for_file

logger = logging.getLogger("procession.task")

if TYPE_CHECKING:
    from collections.abc import Callable

    from procession.model.event import Event
    from procession.supervisor.clock import Clock, Timer


class CompletionWatch:
    """Watches for ``path``, newer than ``since`` (seconds since the epoch); ``grace_s`` after that it calls ``end``."""

    def __init__(
        self,
        path: str,
        since: float,
        *,
        clock: Clock,
        tell: Callable[[Event], None],
        grace_s: float,
        end: Callable[[], object],
    ) -> None:
        self._path = path
        self._clock = clock
        self._tell = tell
        self._grace_s = grace_s
        self._end = end
        self._timer: Timer | None = None
        self._looking = asyncio.ensure_future(wait_for_file(path, since))
        self._looking.add_done_callback(self._on_looked)

    def hear(self, event: Event) -> None:
        """Nothing that is told of the attempt matters."""

    def hear_output(self, stream: str, data: bytes) -> None:
        """Nor what it prints."""

    def close(self) -> None:
        """Look no more, and end nothing."""
        self._looking.cancel()
        if self._timer is not None:
            self._timer.cancel()

    def _on_looked(self, looking: asyncio.Future[None]) -> None:
        if looking.cancelled():
            return
        if (error := looking.exception()) is not None:
            logger.error("nobody will know when %s is there: %s", self._path, error)
            return
        if self._grace_s != float("inf"):
            self._timer = self._clock.call_later(self._grace_s, self._on_time_up)
        self._tell(Done(at=self._clock.time(), path=self._path))

    def _on_time_up(self) -> None:
        self._end()
