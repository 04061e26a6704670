"""Writing to a process's standard input: with backpressure, and without dying when it stops reading."""

from __future__ import annotations

import asyncio
import os
import re
import termios
from collections.abc import Callable

from procession.errors import InputClosed
from procession.kernel.waiters import wake

_END_OF_FILE = b"\x04"
_LINE_LIMIT_OF_TERMINALS = 4095
# What hands a line over, or throws it away, while a terminal edits lines: a newline, ^M, ^D; ^C, ^U, ^Z, ^\.
_LINE_BREAK = re.compile(rb"[\n\r\x03\x04\x15\x1a\x1c]")


class PipeWriter:
    """The writing end of standard input; a pty's master if ``terminal``."""

    def __init__(self, descriptor: int, *, terminal: bool = False) -> None:
        """Take ownership of ``descriptor``. Must be called within the event loop."""
        os.set_blocking(descriptor, False)
        self.closed = False
        self.on_closed: Callable[[], object] = lambda: None  # by wish: a program that ends closes without a word
        self._descriptor = descriptor
        self._terminal = terminal
        self._unfinished_bytes = 0
        self._loop = asyncio.get_running_loop()
        self._lock = asyncio.Lock()
        self._waiter: asyncio.Future[None] | None = None

    async def write(self, data: bytes | str) -> None:
        """Hand over all of ``data`` (text as UTF-8), waiting while the process does not read. Whole writes never mix.

        Raises: InputClosed: it closed its input or has ended. ValueError: a line too long for a terminal.
        """
        data = data.encode() if isinstance(data, str) else data
        rest = memoryview(data)
        async with self._lock:
            if self._terminal and not self.closed:
                self._check_terminal_lines(data)
            while rest:
                rest = rest[await self._write_some(rest) :]

    async def close(self) -> None:
        """Say that no more comes, after all that was written before. Reading from the process goes on.

        For a terminal that is ^D, twice after an unfinished line: the first only hands that over.
        """
        async with self._lock:
            if self._terminal and not self.closed:
                for _ in range(2 if self._unfinished_bytes else 1):
                    await self._write_some(memoryview(_END_OF_FILE))
        self.close_now()
        self.on_closed()

    def close_now(self) -> None:
        """Close at once; a write that still waits raises InputClosed."""
        if self.closed:
            return
        self.closed = True
        self._loop.remove_writer(self._descriptor)
        os.close(self._descriptor)
        if self._waiter is not None:
            wake(self._waiter)

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
        self._loop.add_writer(self._descriptor, wake, self._waiter)
        try:
            await self._waiter
        finally:
            if not self.closed:
                self._loop.remove_writer(self._descriptor)

    def _check_terminal_lines(self, data: bytes) -> None:
        if not termios.tcgetattr(self._descriptor)[3] & termios.ICANON:
            self._unfinished_bytes = 0
            return
        lengths = [len(line) for line in _LINE_BREAK.split(data)]
        lengths[0] += self._unfinished_bytes
        if max(lengths) > _LINE_LIMIT_OF_TERMINALS:
            kept = _LINE_LIMIT_OF_TERMINALS
            raise ValueError(f"a line of {max(lengths)} bytes: a terminal in line mode keeps {kept} and drops the rest")
        self._unfinished_bytes = lengths[-1]


def _input_closed() -> InputClosed:
    return InputClosed("the process no longer reads its standard input", hint="it may have ended; see its outcome")
