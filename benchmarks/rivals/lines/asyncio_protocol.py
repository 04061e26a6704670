"""asyncio's `SubprocessProtocol`, with lines split in its callback."""

from __future__ import annotations

import asyncio
import sys
from subprocess import DEVNULL, PIPE

from benchmarks.rivals.harness import cat, expect_success, measure_async


def main() -> None:
    """Arguments: how often the file, and the file."""
    measure_async(count_lines, int(sys.argv[1]), warm_up=1)


async def count_lines(repeats: int) -> int:
    """Each line is touched in the callback."""
    loop = asyncio.get_running_loop()
    argv = cat(repeats, sys.argv[2])
    transport, protocol = await loop.subprocess_exec(
        Splitter, *argv, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, start_new_session=True
    )
    await protocol.closed
    expect_success(transport.get_returncode())
    transport.close()
    return protocol.count


class Splitter(asyncio.SubprocessProtocol):
    """Carries the unfinished line from chunk to chunk."""

    def __init__(self) -> None:
        """Nothing has come yet."""
        self.count = 0
        self.closed = asyncio.get_running_loop().create_future()
        self._tail = b""

    def pipe_data_received(self, fd: int, data: bytes) -> None:  # noqa: ARG002 - asyncio passes it
        """A chunk."""
        lines = (self._tail + data).split(b"\n")
        self._tail = lines.pop()
        for _line in lines:
            self.count += 1

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - likewise
        """The pipe is closed and the child reaped."""
        self.closed.set_result(None)


main()
