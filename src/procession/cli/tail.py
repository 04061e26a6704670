"""What the tasks of `up` print, as it comes: every task's logs followed, attempt by attempt.

The logs are the truth; here they are only read. What is told of an attempt's end comes after the last byte it printed.
Not here: how it is shown (``table``, ``lines``, ``jsonl``).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from procession.cli.complaints import remark
from procession.model.event import Ended, Event, Retrying, Started
from procession.process.wiring import STREAM_NUMBERS
from procession.streams.follow import follow
from procession.streams.log_piece import Cuts, no_cuts
from procession.streams.note import NotedCuts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from procession.cli.keep_logs import LoggedTask


class Printed(Struct, frozen=True, kw_only=True):
    """A stretch of what a task printed, from ``offset`` in its log; or ``dropped_bytes`` there that the log has lost.

    is_last: the attempt prints nothing more to this stream.
    """

    task: str
    stream: str
    offset: int
    data: bytes = b""
    dropped_bytes: int = 0
    is_last: bool = False


class Tail:
    """Follows the logs of one task, and passes its events on in step with them; without ``show_output`` only these."""

    def __init__(
        self,
        logged: LoggedTask,
        show_event: Callable[[Event], None],
        show_output: Callable[[Printed], Awaitable[None]] | None,
    ) -> None:
        self._task = logged.name
        self._logs = logged.logs
        self._note = logged.note
        self._show_event = show_event
        self._show_output = show_output
        # What an earlier run left in a log is not news.
        self._offsets = {stream: _size_of(path) for stream, path in self._logs.items()}
        self._done = asyncio.Event()
        self._followers: list[asyncio.Task[None]] = []
        self._held: list[Event] = []
        self._draining: asyncio.Task[None] | None = None

    def take(self, event: Event) -> None:
        """Take an event of the task; it is shown now, or after the output that came before it."""
        self._held.append(event)
        if self._draining is None:
            self._tell_held()

    async def wait_drained(self) -> None:
        """Wait until all that was taken is shown."""
        while self._draining is not None:
            await asyncio.wait({self._draining})

    async def close(self) -> None:
        """Follow nothing any more."""
        open_tasks = [*self._followers, *([self._draining] if self._draining else [])]
        for each in open_tasks:
            each.cancel()
        await asyncio.gather(*open_tasks, return_exceptions=True)

    def _tell_held(self) -> None:
        while self._held:
            event = self._held.pop(0)
            if isinstance(event, (Ended, Retrying)) and self._followers:
                self._draining = asyncio.create_task(self._drain(event))
                return
            self._show_event(event)
            if isinstance(event, Started):  # what a child of the keeper printed may come before we hear of its start
                self._follow()

    def _follow(self) -> None:
        self._done = asyncio.Event()
        if self._show_output is not None:
            show = self._show_output
            self._followers = [asyncio.create_task(self._read(each, path, show)) for each, path in self._logs.items()]

    async def _read(self, stream: str, path: str, show: Callable[[Printed], Awaitable[None]]) -> None:
        async with contextlib.AsyncExitStack() as opened:
            cuts: Cuts = no_cuts
            if self._note is not None:
                noted = opened.enter_context(NotedCuts(self._note))
                cuts = partial(noted.of, STREAM_NUMBERS[stream])
            pieces = follow(path, self._offsets[stream], done=self._done, cuts=cuts)
            await opened.enter_async_context(contextlib.aclosing(pieces))
            async for piece in pieces:
                self._offsets[stream] = piece.end
                await show(self._printed(stream, piece.offset, piece.data, piece.gap_bytes))
        await show(self._printed(stream, self._offsets[stream], is_last=True))

    def _printed(
        self, stream: str, offset: int, data: bytes = b"", dropped_bytes: int = 0, *, is_last: bool = False
    ) -> Printed:
        return Printed(
            task=self._task, stream=stream, offset=offset, data=data, dropped_bytes=dropped_bytes, is_last=is_last
        )

    async def _drain(self, event: Event) -> None:
        self._done.set()
        for result in await asyncio.gather(*self._followers, return_exceptions=True):
            if isinstance(result, OSError):
                remark(f"what {self._task} printed cannot be shown: {result.strerror}")
        self._followers = []
        self._draining = None
        self._show_event(event)
        self._tell_held()


def _size_of(path: str) -> int:
    try:
        return os.stat(path, follow_symlinks=False).st_size
    except OSError:
        return 0
