"""A handle on one command of a pool: `await` it for its result."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from procession.errors import UsageError
from procession.model.stdio import Pipe, Pty
from procession.pool.job import Job
from procession.process.result import Result
from procession.streams.head_tail import HeadTail

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from procession.model.command import Command
    from procession.model.task import Task
    from procession.pool.job import End

Decoding = tuple[str, str]
"""How bytes become text: encoding, and what is done about errors."""


class Printing(Job):
    """A job whose output is kept in memory, head and tail up to the command's limit, until it has ended."""

    def __init__(self, task: Task, decoding: Decoding | None) -> None:
        """Give text as ``decoding`` says; bytes without it."""
        super().__init__(task)
        self._decoding = decoding
        self._kept: dict[str, HeadTail] = {}

    def begin(self) -> Command:
        """Forget what an earlier attempt printed."""
        self._kept.clear()
        return self.task.command

    def take(self, stream: str, data: bytes) -> None:
        """Keep it, within the limit."""
        kept = self._kept.get(stream)
        if kept is None:
            kept = self._kept[stream] = HeadTail(self.task.command.output_limit_bytes)
        kept.append(data)

    def make_result(self, end: End) -> Result:
        """Put together what is known of its end. A pid of 0 means that it never ran."""
        return Result(
            command=self.task.command,
            outcome=end.outcome,
            pid=end.pid or 0,
            started_at=end.started_at or time.time(),
            duration_s=end.outcome.duration_s or 0.0,
            stdout=self._value("stdout"),
            stderr=self._value("stderr"),
            stdout_dropped_bytes=self._dropped_bytes("stdout"),
            stderr_dropped_bytes=self._dropped_bytes("stderr"),
        )

    def _value(self, stream: str) -> str | bytes | None:
        kept = self._kept.get(stream)
        if kept is None and not is_kept(self.task.command, stream):
            return None
        data = b"" if kept is None else kept.getvalue()
        return data.decode(*self._decoding) if self._decoding else data

    def _dropped_bytes(self, stream: str) -> int:
        kept = self._kept.get(stream)
        return 0 if kept is None else kept.dropped_bytes


def is_kept(command: Command, stream: str) -> bool:
    """Whether this stream comes to us."""
    return isinstance(getattr(command, stream), (Pipe, Pty))


class Handle(Printing):
    """One command of a `Pool`. ``result = await handle``; any number may await it, and stop awaiting it."""

    def __init__(self, task: Task, decoding: Decoding | None, stop: Callable[[Handle], Any]) -> None:
        """Be made by `Pool.submit` only."""
        super().__init__(task, decoding)
        self._stop = stop
        self._result: Result | None = None
        self._over = asyncio.Event()
        self._callbacks: list[Callable[[Handle], Any]] = []

    @property
    def command(self) -> Command:
        """What is run."""
        return self.task.command

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self._result is not None

    def result(self) -> Result:
        """Give its result. Raises: UsageError: it has not ended yet."""
        if self._result is None:
            raise UsageError(f"{self.command} has not ended yet", hint="await the handle")
        return self._result

    def __await__(self) -> Generator[Any, None, Result]:
        """Wait for its end. However it ends, that is a result: see `Result.check`."""
        yield from self._over.wait().__await__()
        return self.result()

    async def cancel(self) -> Result:
        """Have it end: at once if it only waits, else as `Process.terminate` does. Return when nothing of it is left.

        Whoever has ended already is left as it is.
        """
        await self._stop(self)
        return await self

    def add_done_callback(self, callback: Callable[[Handle], Any]) -> None:
        """Call back with the handle when it has ended; at once if it has."""
        if self.done:
            callback(self)
        else:
            self._callbacks.append(callback)

    def end(self, end: End) -> None:
        """Wake whoever waits."""
        self._result = self.make_result(end)
        self._kept.clear()
        self._over.set()
        for callback in self._callbacks:
            callback(self)
        self._callbacks.clear()

    def __repr__(self) -> str:
        word = self._result.outcome.kind.value if self._result else "unfinished"
        return f"<Handle {self.id} {word}: {self.command}>"
