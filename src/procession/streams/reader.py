"""Reading a pipe (or the end of a pty) that an event loop watches: only when asked to, so that the child feels it.

Nothing is read ahead: the kernel's pipe is the buffer, and a consumer that pauses makes the child wait. The two
exceptions are asked for by name: `PipeReader.drain_into` and `PipeReader.stop_waiting`.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import select
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from procession.kernel.waiters import wake

READ_BYTES = 1 << 16
_TURN_S = 0.002
"""Who reads so long without having to wait gives the other tasks of the loop their turn."""
_READS_PER_CALL = 16
"""How many reads one call of the loop may take when nobody waits for the bytes."""
_READS_AT_THE_END = 32
"""So many reads take whatever a pipe (64 KiB a read) or a terminal (4 KiB a read) still holds."""


class Sink(Protocol):
    """Whatever takes chunks."""

    def append(self, chunk: bytes, /) -> None:
        """Take one."""


class PipeReader:
    """The reading end of one stream. ``on_end`` is called once, when the end was read or reading was given up."""

    def __init__(self, descriptor: int, name: str, on_end: Callable[[], None]) -> None:
        """Take ownership of ``descriptor``. Must be called within the event loop."""
        os.set_blocking(descriptor, False)
        self.name = name
        self.ended = False
        self.claimed = False
        self.answer: Callable[[bytes], None] | None = None
        self._descriptor = descriptor
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._watched = False
        self._sink: Sink | None = None
        self._given_up = False
        self._turn_ends_at = 0.0

    def __del__(self) -> None:
        """Let the descriptor go with the last handle: of a dropped process nobody will read any more."""
        if not getattr(self, "ended", True):
            with contextlib.suppress(OSError):
                os.close(self._descriptor)

    async def read(self, size: int = READ_BYTES) -> bytes:
        """Give the next bytes as soon as there are any; ``b""`` at the end."""
        if time.monotonic() > self._turn_ends_at:
            self._turn_ends_at = time.monotonic() + _TURN_S
            await asyncio.sleep(0)  # before the read: a cancellation here must not take bytes with it
        while (data := self.read_nowait(size)) is None:
            await wait_readable((self,))
        return data

    def read_nowait(self, size: int = READ_BYTES) -> bytes | None:
        """Give what is there; None if nothing is there yet, ``b""`` at the end."""
        if self.ended:
            return b""
        try:
            data = os.read(self._descriptor, size)
        except BlockingIOError:
            if not self._given_up:
                return None
            data = b""
        except OSError as error:
            if error.errno != errno.EIO:  # Linux: every slave of the pty is closed
                raise
            data = b""
        if not data:
            self.close()
        elif self.answer is not None:
            self.answer(data)
        return data

    def drain_into(self, sink: Sink) -> None:
        """From now on read everything as it comes into ``sink``: the child never waits, nobody else reads."""
        self.claimed = True
        self._sink = sink
        self._watch()

    def stop_draining(self) -> None:
        """Read only when asked to again."""
        self._sink = None

    def stop_waiting(self) -> None:
        """Let the end be where nothing is there to read: some descendant keeps the other end open."""
        self._given_up = True
        if self._sink is not None:
            self._drain(_READS_AT_THE_END)
        elif self._waiter is not None:
            wake(self._waiter)

    def writers_are_gone(self) -> bool:
        """Whether nobody can write any more. Bytes may still be there to read."""
        if self.ended:
            return True
        poll = select.poll()
        poll.register(self._descriptor, 0)
        return any(events & select.POLLHUP for _, events in poll.poll(0))

    def close(self) -> None:
        """Stop reading and let the descriptor go. The child gets SIGPIPE if it writes on."""
        if self.ended:
            return
        self.ended = True
        self._unwatch()
        os.close(self._descriptor)
        if self._waiter is not None:
            wake(self._waiter)
        self._on_end()

    def share_waiter(self, waiter: asyncio.Future[None]) -> None:
        """Resolve ``waiter`` when something can be read."""
        self._waiter = waiter
        self._watch()

    def _on_readable(self) -> None:
        if self._sink is not None:
            self._drain(_READS_PER_CALL)
        elif self._waiter is None or self._waiter.done():
            self._unwatch()  # the consumer is busy elsewhere
        else:
            self._waiter.set_result(None)
            self._waiter = None

    def _drain(self, reads: int) -> None:
        assert self._sink is not None
        for _ in range(reads):
            data = self.read_nowait()
            if not data:
                return
            self._sink.append(data)

    def _watch(self) -> None:
        if not self._watched and not self.ended:
            self._loop.add_reader(self._descriptor, self._on_readable)
            self._watched = True

    def _unwatch(self) -> None:
        if self._watched:
            self._loop.remove_reader(self._descriptor)
            self._watched = False


async def wait_readable(readers: Iterable[PipeReader]) -> None:
    """Wait until one of the readers has something, or has ended."""
    waiter = asyncio.get_running_loop().create_future()
    for reader in readers:
        reader.share_waiter(waiter)
    await waiter
