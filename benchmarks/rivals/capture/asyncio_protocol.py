"""asyncio's `SubprocessProtocol`: callbacks, no stream in between."""

from __future__ import annotations

import asyncio
import sys
from subprocess import DEVNULL, PIPE

from benchmarks.rivals.harness import WARM_UP_BYTES, expect_success, head, measure_async


def main() -> None:
    """Argument: how many bytes."""
    measure_async(capture, int(sys.argv[1]), WARM_UP_BYTES)


async def capture(n_bytes: int) -> int:
    """Reads all, keeps nothing."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.subprocess_exec(
        Counter, *head(n_bytes), stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, start_new_session=True
    )
    await protocol.closed
    expect_success(transport.get_returncode())
    transport.close()
    return protocol.total


class Counter(asyncio.SubprocessProtocol):
    """Adds up what comes."""

    def __init__(self) -> None:
        """Nothing has come yet."""
        self.total = 0
        self.closed = asyncio.get_running_loop().create_future()

    def pipe_data_received(self, fd: int, data: bytes) -> None:  # noqa: ARG002 - asyncio passes it
        """A chunk."""
        self.total += len(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - likewise
        """The pipe is closed and the child reaped."""
        self.closed.set_result(None)


main()
