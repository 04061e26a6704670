"""The async door: the same as ``door``, on an event loop. Exchanges of several coroutines wait for each other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator

from procession.client.door import READ_BYTES
from procession.client.http import BrokenTalk, Conversation, Gathering, Reply, Request
from procession.client.patience import Patience
from procession.client.peer import connect_to_ours
from procession.client.problems import check
from procession.client.resuming import Resuming
from procession.client.sse import ServerEvent
from procession.errors import ConnectionLost, DaemonUnavailable


class AsyncDoor:
    """Talks with the daemon that listens at ``path``. As many connections are kept as were ever needed at once."""

    def __init__(self, path: str, patience_s: float, on_break: Callable[[], object] | None = None) -> None:
        self.path = path
        self._on_break = on_break
        self._patience_s = patience_s
        self._idle: list[_Line] = []

    async def connect(self) -> None:
        """Connect, if there is no connection yet. Raises: DaemonUnavailable, ForeignPeer."""
        if not self._idle:
            self._idle.append(await _Line.open(self.path))

    async def close(self) -> None:
        """Hang up."""
        while self._idle:
            await self._idle.pop().close()

    async def exchange(self, request: Request) -> Reply:
        """Send a request and give the whole reply; after a break again, once it answers. Raises: what it refuses."""
        patience = Patience(self._patience_s, self._on_break)
        while True:
            try:
                return check(await self._exchange(request))
            except DaemonUnavailable as error:
                await asyncio.sleep(patience.next_delay_s(error))

    async def stream(self, resuming: Resuming) -> AsyncGenerator[ServerEvent, None]:
        """Give the events of a stream, through breaks."""
        patience = Patience(self._patience_s, self._on_break)
        while not resuming.is_over:
            try:
                async with contextlib.aclosing(self._pour(resuming)) as poured:
                    async for events in poured:
                        patience.renew()
                        for event in events:
                            yield event
            except DaemonUnavailable as error:
                await asyncio.sleep(patience.next_delay_s(error))

    async def _exchange(self, request: Request) -> Reply:
        line = self._idle.pop() if self._idle else await _Line.open(self.path)
        keep = False
        try:
            await line.say(request)
            gathering = Gathering()
            while not gathering.is_complete:
                await line.listen(gathering)
            keep = line.can_go_on
        finally:
            if keep:
                self._idle.append(line)
            else:
                await line.close()
        return gathering.reply()

    async def _pour(self, resuming: Resuming) -> AsyncGenerator[list[ServerEvent], None]:
        line = await _Line.open(self.path)
        try:
            await line.say(resuming.next_request())
            gathering = Gathering()
            while not gathering.is_complete and not resuming.is_over:
                await line.listen(gathering)
                if gathering.status == 200:
                    yield resuming.feed(gathering.pieces())
            if gathering.status != 200:
                check(gathering.reply())
            line.finish(resuming)
        finally:
            await line.close()


class _Line:
    """One connection and the talk on it."""

    def __init__(self, path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._path = path
        self._reader = reader
        self._writer = writer
        self._talk = Conversation()

    @classmethod
    async def open(cls, path: str) -> _Line:
        return cls(path, *await asyncio.open_unix_connection(sock=connect_to_ours(path)))

    @property
    def can_go_on(self) -> bool:
        return self._talk.can_go_on

    async def close(self) -> None:
        self._writer.transport.abort()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def say(self, request: Request) -> None:
        with self._named_breaks(), contextlib.suppress(BrokenPipeError):  # a reply may lie there all the same
            self._writer.write(self._talk.ask(request))
            await self._writer.drain()

    async def listen(self, gathering: Gathering) -> None:
        with self._named_breaks():
            gathering.take(self._talk.hear(await self._reader.read(READ_BYTES)))

    def finish(self, resuming: Resuming) -> None:
        with self._named_breaks():
            if not resuming.is_over:
                resuming.finish()

    @contextlib.contextmanager
    def _named_breaks(self) -> Iterator[None]:
        try:
            yield
        except BrokenTalk as error:
            raise ConnectionLost(self._path, str(error)) from None
        except ConnectionError as error:
            raise ConnectionLost(self._path, error.strerror or str(error)) from None
