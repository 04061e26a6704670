"""Writing to a process's standard input: with backpressure, and without dying when it stops reading."""

from __future__ import annotations

import asyncio
import os
import termios
from collections.abc import Callable

from procession.errors import InputClosed

_END_OF_FILE = b"\x04"
_LINE_LIMIT_OF_TERMINALS = 4095


class PipeWriter:
    """The writing end of standard input; a pty's master if ``terminal``."""

    def __init__(self, descriptor: int, *, terminal: bool = False) -> None:
        """Take ownership of ``descriptor``. Must be called within the event loop."""
        os.set_blocking(descriptor, False)
        self.closed = False
        self._descriptor = descriptor
        self._terminal = terminal
        self._loop = asyncio.get_running_loop()
        self._lock = asyncio.Lock()
        self._waiter: asyncio.Future[None] | None = None

    async def write(self, data: bytes | str) -> None:
        """Hand over all of ``data`` (text as UTF-8), waiting while the process does not read. Whole writes never mix.

        Raises: InputClosed: it closed its input or has ended. ValueError: a line too long for a terminal.
        """
        rest = memoryview(data.encode() if isinstance(data, str) else data)
        if self._terminal:
            self._check_terminal_lines(bytes(rest))
        async with self._lock:
            while rest:
                rest = rest[await self._write_some(rest) :]

    async def close(self) -> None:
        """Say that no more comes, after all that was written before. Reading from the process goes on."""
        async with self._lock:
            if self._terminal and not self.closed:
                await self._write_some(memoryview(_END_OF_FILE))
        self.close_now()

    def close_now(self) -> None:
        """Close at once; a write that still waits raises InputClosed."""
        if self.closed:
            return
        self.closed = True
        self._loop.remove_writer(self._descriptor)
        os.close(self._descriptor)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _write_some(self, data: memoryview) -> int:
        while not self.closed:
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:
                await self._wait_writable()
            except OSError as error:  # EPIPE, ECONNRESET, EIO: nobody reads
                raise _input_closed() from error
        raise _input_closed()

    async def _wait_writable(self) -> None:
        self._waiter = self._loop.create_future()
        self._loop.add_writer(self._descriptor, _resolve(self._waiter))
        try:
            await self._waiter
        finally:
            if not self.closed:
                self._loop.remove_writer(self._descriptor)

    def _check_terminal_lines(self, data: bytes) -> None:
        line_mode = termios.tcgetattr(self._descriptor)[3] & termios.ICANON
        longest = max(map(len, data.split(b"\n")))
        if line_mode and longest > _LINE_LIMIT_OF_TERMINALS:
            kept = _LINE_LIMIT_OF_TERMINALS
            raise ValueError(f"a line of {longest} bytes: a terminal in line mode keeps {kept} and drops the rest")


def _resolve(waiter: asyncio.Future[None]) -> Callable[[], None]:
    def resolve() -> None:
        if not waiter.done():
            waiter.set_result(None)

    return resolve


def _input_closed() -> InputClosed:
    return InputClosed("the process no longer reads its standard input", hint="it may have ended; see its outcome")
