"""Procession's `async for chunk in process.stdout`."""

from __future__ import annotations

import sys

from benchmarks.rivals.harness import WARM_UP_BYTES, expect_success, head, measure_async
from procession import NULL, PIPE, spawn


def main() -> None:
    """Argument: how many bytes."""
    measure_async(capture, int(sys.argv[1]), WARM_UP_BYTES)


async def capture(n_bytes: int) -> int:
    """Reads all, keeps nothing."""
    total = 0
    async with spawn(head(n_bytes), stdin=NULL, stdout=PIPE, stderr=NULL) as process:
        async for chunk in process.stdout:
            total += len(chunk)
        outcome = await process.wait()
    expect_success(outcome.code)
    return total


main()
