"""One output stream of a process as its user sees it: bytes as they come, lines, batches of lines, or all of it.

Over a pipe, reading *is* the backpressure: nobody reading makes the child wait; who breaks off, or is cancelled, leaves
what it did not give out to the next reader. Over a log, nothing waits for anybody, and every reader begins where it
likes.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence

from msgspec import Struct

from procession.errors import StreamUnavailable
from procession.streams.follow import follow
from procession.streams.head_tail import HeadTail
from procession.streams.lines import LineSplitter, PartialText
from procession.streams.log import LogFile
from procession.streams.log_piece import Piece
from procession.streams.reader import PipeReader, wait_readable
from procession.streams.unread import UnreadLines


class Chunk(Struct, frozen=True, gc=False):
    """Bytes of one stream (``stdout`` or ``stderr``) and when they came, in seconds since the epoch."""

    stream: str
    data: bytes
    at: float


class Line(Struct, frozen=True, gc=False):
    """A line without its newline. ``partial`` marks a piece: of a line over the limit, or of one that never ended."""

    stream: str
    text: str
    at: float
    partial: bool = False


class OutputStream(ABC):
    """What every kind of output offers. ``async for chunk in stream`` gives bytes."""

    def __init__(self, name: str, line_limit_bytes: int) -> None:
        """Name it ``stdout`` or ``stderr``."""
        self.name = name
        self._line_limit_bytes = line_limit_bytes

    @abstractmethod
    def __aiter__(self) -> AsyncGenerator[bytes, None]:  # noqa: PYI058 - generators, so that they can be closed
        """Give the bytes as they come, in whatever sizes."""

    async def read(self) -> bytes:
        """Give everything from here to the end. Memory grows with it: for much output iterate, or use a log."""
        came: list[bytes] = []
        try:
            async with contextlib.aclosing(aiter(self)) as chunks:
                async for chunk in chunks:
                    came.append(chunk)  # noqa: PERF401 - a comprehension would take it along when cancelled
        except BaseException:
            self.give_back(b"".join(came))
            raise
        return b"".join(came)

    async def lines(self, encoding: str = "utf-8", errors: str = "replace") -> AsyncGenerator[str, None]:
        """Give lines one at a time, decoded, without their newline; a `PartialText` is only a piece of one."""
        unread = UnreadLines(encoding, errors, self._line_limit_bytes)
        try:
            async with contextlib.aclosing(aiter(self)) as chunks:
                async for chunk in chunks:
                    for line in unread.split(chunk):
                        yield line
            for line in unread.finish():
                yield line
        finally:
            self.give_back(unread.rest())

    async def line_batches(self) -> AsyncGenerator[list[bytes], None]:
        """Give lines as bytes, as many at a time as have come: the fast way. A `PartialBytes` is a piece of one."""
        splitter = LineSplitter(self._line_limit_bytes)
        try:
            async with contextlib.aclosing(aiter(self)) as chunks:
                async for chunk in chunks:
                    if batch := splitter.feed(chunk):
                        yield batch
            if rest := splitter.flush():
                yield rest
        finally:
            self.give_back(splitter.tail)

    def give_back(self, data: bytes) -> None:  # noqa: B027 - what can be read again need not be given back
        """Take back what was read and not given out; over a log that is not needed."""


class PipeOutput(OutputStream):
    """Output through a pipe or a pty: each byte is given once, to one reader at a time."""

    def __init__(self, reader: PipeReader, line_limit_bytes: int, keep_bytes: int) -> None:
        """Read from ``reader``; of what `keep` collects, keep at most ``keep_bytes``."""
        super().__init__(reader.name, line_limit_bytes)
        self.reader = reader
        self._keep_bytes = keep_bytes
        self._kept: HeadTail | None = None
        self._given_back = b""
        self._keeps_unread = False

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        """Give the bytes as they come."""
        self.claim()
        try:
            if kept := self.take_kept():
                yield kept
            while data := await self.reader.read():
                yield data
        finally:
            self.release()

    def keep(self) -> HeadTail:
        """Collect from now on, so that the child never waits, until somebody iterates; bounded, head and tail."""
        if self._kept is None:
            self._kept = HeadTail(self._keep_bytes)
            self.reader.drain_into(self._kept)
        return self._kept

    def keep_unread(self) -> None:
        """Collect from now on whenever nobody reads: now, and when a reader breaks off."""
        self._keeps_unread = True
        if not self.reader.claimed and not self.reader.ended:
            self.keep()

    def claim(self) -> None:
        """Become the one who reads. Raises: StreamUnavailable."""
        if self.reader.claimed and self._kept is None:
            hint = "iterate it once, or use process.chunks() for both streams"
            raise StreamUnavailable(f"{self.name} is being read by somebody else", hint=hint, stream=self.name)
        self.reader.claimed = True

    def release(self) -> None:
        """Let somebody else read on."""
        self.reader.claimed = False
        if self._keeps_unread:
            self.keep_unread()

    def give_back(self, data: bytes) -> None:
        """Let the next reader begin with ``data``."""
        self._given_back = data + self._given_back

    def take_kept(self) -> bytes:
        """Give what was given back or collected meanwhile, and stop collecting."""
        back, self._given_back = self._given_back, b""
        kept, self._kept = self._kept, None
        self.reader.stop_draining()
        return back + kept.getvalue() if kept else back


class LogOutput(OutputStream):
    """Output into a log file, which anybody may read from any offset, now and later."""

    def __init__(self, name: str, log: LogFile, line_limit_bytes: int, done: asyncio.Event) -> None:
        """Follow ``log`` until ``done``."""
        super().__init__(name, line_limit_bytes)
        self.log = log
        self.start_offset = log.start_offset
        self._done = done

    @property
    def path(self) -> str:
        """Where the log is."""
        return self.log.path

    def follow(self, from_offset: int | None = None) -> AsyncGenerator[Piece, None]:
        """Give the log's pieces from an offset in bytes, to the end of the process; what was cut out comes as a gap.

        Without an offset from where this process began: 0, unless the log had something in it already.
        """
        offset = self.start_offset if from_offset is None else from_offset
        return follow(self.log.path, offset, done=self._done, cuts=lambda: self.log.cuts)

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        """Give this process's bytes from the beginning as they come; what the log's bound has removed is left out."""
        async with contextlib.aclosing(self.follow()) as pieces:
            async for piece in pieces:
                if piece.data:
                    yield piece.data


async def merge_chunks(outputs: Sequence[OutputStream]) -> AsyncGenerator[Chunk, None]:
    """Give what comes on any of the streams, in order of arrival as far as it can be known."""
    pipes = [output for output in outputs if isinstance(output, PipeOutput)]
    merged = _merge_pipes(pipes) if len(pipes) == len(outputs) else _merge_any(outputs)
    async with contextlib.aclosing(merged):
        async for chunk in merged:
            yield chunk


async def merge_lines(
    outputs: Sequence[OutputStream], encoding: str, errors: str, limit: int
) -> AsyncGenerator[Line, None]:
    """Give the lines of all streams, each with its stream and time."""
    unread = {output.name: UnreadLines(encoding, errors, limit) for output in outputs}
    try:
        async with contextlib.aclosing(merge_chunks(outputs)) as chunks:
            async for chunk in chunks:
                for text in unread[chunk.stream].split(chunk.data):
                    yield Line(chunk.stream, text, chunk.at, isinstance(text, PartialText))
        for stream, rest in unread.items():
            for text in rest.finish():
                yield Line(stream, text, time.time(), partial=True)
    finally:
        for output in outputs:
            output.give_back(unread[output.name].rest())


async def _merge_pipes(outputs: Sequence[PipeOutput]) -> AsyncGenerator[Chunk, None]:
    claimed: list[PipeOutput] = []
    try:
        for output in outputs:
            output.claim()
            claimed.append(output)
        for output in outputs:
            if kept := output.take_kept():
                yield Chunk(output.name, kept, time.time())
        readers = [output.reader for output in outputs]
        while readers := [reader for reader in readers if not reader.ended]:
            came = False
            for reader in readers:
                if data := reader.read_nowait():
                    came = True
                    yield Chunk(reader.name, data, time.time())
            if came:
                await asyncio.sleep(0)
            elif any(not reader.ended for reader in readers):
                await wait_readable([reader for reader in readers if not reader.ended])
    finally:
        for output in claimed:
            output.release()


async def _merge_any(outputs: Sequence[OutputStream]) -> AsyncGenerator[Chunk, None]:
    # one chunk at a time passes through the queue, so that backpressure reaches the child here too
    queue: asyncio.Queue[Chunk | Exception | None] = asyncio.Queue(1)

    async def pump(output: OutputStream) -> None:
        try:
            async with contextlib.aclosing(aiter(output)) as chunks:
                async for data in chunks:
                    try:
                        await queue.put(Chunk(output.name, data, time.time()))
                    except asyncio.CancelledError:
                        output.give_back(data)
                        raise
        except Exception as error:  # noqa: BLE001 - raised again where the chunks are awaited
            await queue.put(error)
        else:
            await queue.put(None)

    pumps = [asyncio.ensure_future(pump(output)) for output in outputs]
    try:
        running = len(pumps)
        while running:
            came = await queue.get()
            if isinstance(came, Exception):
                raise came
            if came is None:
                running -= 1
            else:
                yield came
    finally:
        await _cancel(pumps)
        _give_back(queue, outputs)


def _give_back(queue: asyncio.Queue[Chunk | Exception | None], outputs: Sequence[OutputStream]) -> None:
    while not queue.empty():
        left = queue.get_nowait()
        for output in outputs:
            if isinstance(left, Chunk) and output.name == left.stream:
                output.give_back(left.data)


async def _cancel(tasks: Sequence[asyncio.Future[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
