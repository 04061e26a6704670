"""Whether one attempt is ready: watched from its start, told once, and ended when it takes too long.

Time in which it is suspended does not count, and what it asks for by EXTEND_TIMEOUT_USEC is given.
Not here: what it lets others do (`procession.policy.dependencies`), and the looking itself (`procession.monitor`).
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from procession.model.event import Event, Notified, Ready, Resumed, Suspended
from procession.model.readiness import ByFile, ByHttp, ByLog, ByNotice, ByPort
from procession.monitor.file import wait_for_file
from procession.monitor.http import wait_for_http
from procession.monitor.log_line import LineMatch, wait_for_line
from procession.monitor.port import wait_for_port

logger = logging.getLogger("procession.task")

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from procession.model.readiness import Readiness
    from procession.supervisor.clock import Clock, Timer


class ReadinessWatch:
    """Watches until it is ready, or `close`.

    since: when the attempt began, in seconds since the epoch. offsets: from where on its logs are its own, by path.
    """

    def __init__(
        self,
        wanted: Readiness,
        *,
        since: float,
        offsets: Mapping[str, int],
        clock: Clock,
        tell: Callable[[Event], None],
    ) -> None:
        self._wanted = wanted
        self._since = since
        self._offsets = offsets
        self._clock = clock
        self._tell = tell
        self._match = LineMatch(wanted.pattern) if isinstance(wanted, ByLog) else None
        self._looking: asyncio.Task[None] | None = None
        self._timer: Timer | None = None
        self._due_at: float | None = None
        self._left_s: float | None = None
        self._give_up: Callable[[], object] | None = None
        self.is_over = False

    def begin(self, timeout_s: float | None, give_up: Callable[[], object], *, is_suspended: bool = False) -> None:
        """Look from now on; call ``give_up`` if it is not ready within ``timeout_s`` of its start.

        is_suspended: it was taken over so; how long it had run before is not known, and it has all of its time anew.
        """
        self._give_up = give_up
        look = self._look()
        if look is not None:
            self._looking = asyncio.ensure_future(look)
            self._looking.add_done_callback(self._on_looked)
        if is_suspended:
            self._left_s = timeout_s
        elif timeout_s is not None:
            self._wait_for(max(self._since + timeout_s - self._clock.time(), 0.0))

    def hear(self, event: Event) -> None:
        """Take what is told of the attempt."""
        match event:
            case Notified(fields=fields):
                self._hear_notice(fields)
            case Suspended() if self._due_at is not None and self._timer is not None:
                self._left_s = max(self._due_at - self._clock.time(), 0.0)
                self._timer.cancel()
                self._timer = None
            case Resumed() if self._left_s is not None:
                self._wait_for(self._left_s)

    def hear_output(self, stream: str, data: bytes) -> None:
        """Take what the attempt prints, where that comes through us."""
        if self._match is not None and not self.is_over and self._match.feed(stream, data):
            self._succeed()

    def close(self) -> None:
        """Look no more."""
        self.is_over = True
        if self._timer is not None:
            self._timer.cancel()
        if self._looking is not None:
            self._looking.cancel()

    def _look(self) -> Awaitable[None] | None:
        match self._wanted:
            case ByPort(port=port, host=host):
                return wait_for_port(host, port)
            case ByHttp(url=url):
                return wait_for_http(url)
            case ByFile(path=path):
                return wait_for_file(path, self._since)
            case ByLog(pattern=pattern) if self._offsets:
                return wait_for_line(pattern, self._offsets)
        return None

    def _on_looked(self, looking: asyncio.Future[None]) -> None:
        if looking.cancelled():
            return
        if (error := looking.exception()) is not None:
            logger.error("nobody will know when a task is ready (%s): %s", self._wanted.by, error)
            return
        self._succeed()

    def _hear_notice(self, fields: Mapping[str, str]) -> None:
        if isinstance(self._wanted, ByNotice) and fields.get("READY") == "1":
            self._succeed()
        longer_usec = fields.get("EXTEND_TIMEOUT_USEC", "")
        if self._due_at is not None and not self.is_over and longer_usec.isascii() and longer_usec.isdigit():
            until = self._clock.time() + int(longer_usec) / 1_000_000
            if until > self._due_at:
                self._wait_for(until - self._clock.time())

    def _wait_for(self, delay_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._left_s = None
        self._due_at = self._clock.time() + delay_s
        self._timer = self._clock.call_later(delay_s, self._on_time_up)

    def _on_time_up(self) -> None:
        if not self.is_over and self._give_up is not None:
            self.close()
            self._give_up()

    def _succeed(self) -> None:
        if not self.is_over:
            self.close()
            self._tell(Ready(at=self._clock.time(), by=self._wanted.by))
