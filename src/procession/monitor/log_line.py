"""Whether a program has printed a certain line: in what comes through a pipe, or in the logs it writes without us."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Mapping

from procession.streams.follow import follow

_LINE_LIMIT_BYTES = 1 << 16
"""A line is looked at in pieces of this size, so that one without an end costs no memory."""


class LineMatch:
    """Looks for ``pattern`` in the lines of several streams, also in one that has not ended yet."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern.encode())
        self._begun: dict[str, bytes] = {}

    def feed(self, stream: str, data: bytes) -> bool:
        """Take a piece of output; say whether the line is there."""
        *whole, begun = (self._begun.get(stream, b"") + data).split(b"\n")
        self._begun[stream] = begun[-_LINE_LIMIT_BYTES:]
        return any(self._pattern.search(line) for line in (*whole, begun))


async def wait_for_line(pattern: str, offsets: Mapping[str, int]) -> None:
    """Return once one of the logs has the line; ``offsets`` says by path from where on each is looked at."""
    searching = [asyncio.ensure_future(_search(pattern, path, offset)) for path, offset in offsets.items()]
    try:
        while searching:
            done, _ = await asyncio.wait(searching, return_when=asyncio.FIRST_COMPLETED)
            if any(each.exception() is None for each in done):
                return
            searching = [each for each in searching if each not in done]  # that log cannot be read; another may
    finally:
        for each in searching:
            each.cancel()
        await asyncio.gather(*searching, return_exceptions=True)
    await asyncio.Event().wait()  # no log can be read: nobody will ever know


async def _search(pattern: str, path: str, offset: int) -> None:
    match = LineMatch(pattern)
    async with contextlib.aclosing(follow(path, offset)) as pieces:
        async for piece in pieces:
            if match.feed(path, piece.data):
                return
