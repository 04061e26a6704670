"""Bytes from a file, a pipe or a terminal, as they come: nothing is read that nobody wants yet.

Standard input may be shared with others, so it is not made non-blocking: it is read once something is there.
"""

from __future__ import annotations

import asyncio
import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

READ_BYTES: Final = 1 << 16


async def read_chunks(fd: int) -> AsyncIterator[bytes]:
    """Give what comes from ``fd`` to its end, as soon as it is there."""
    while chunk := await _read(fd):
        yield chunk


async def split_chunks(chunks: AsyncIterator[bytes], separator: bytes) -> AsyncIterator[list[bytes]]:
    """Give what stands between separators, as many at once as there are; the last one may lack its separator."""
    rest = b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(separator) if separator in chunk else (rest + chunk,)
        if whole:
            yield whole
    if rest:
        yield [rest]


async def _read(fd: int) -> bytes:
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return os.read(fd, READ_BYTES)
    await _wait_readable(fd)
    return os.read(fd, READ_BYTES)


async def _wait_readable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    readable = loop.create_future()
    try:
        loop.add_reader(fd, _wake, readable)
    except PermissionError:  # what cannot be waited for, like /dev/null, never lets a reader wait
        return
    try:
        await readable
    finally:
        loop.remove_reader(fd)


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
