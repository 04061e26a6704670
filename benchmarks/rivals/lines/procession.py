"""Procession's three ways to lines; the last argument says which: lines, batches, tagged."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable

from benchmarks.rivals.harness import cat, expect_success, measure_async
from procession import NULL, PIPE, Process, spawn


def main() -> None:
    """Arguments: how often the file, the file, and the way."""
    measure_async(count_lines, int(sys.argv[1]), warm_up=1)


async def count_lines(repeats: int) -> int:
    """Each line is touched, in batches too."""
    count = WAYS[sys.argv[3]]
    async with spawn(cat(repeats, sys.argv[2]), stdin=NULL, stdout=PIPE, stderr=NULL) as process:
        total = await count(process)
        outcome = await process.wait()
    expect_success(outcome.code)
    return total


async def count_lines_singly(process: Process) -> int:
    """One at a time, decoded, which asyncio's `readline` does not do."""
    count = 0
    async for _line in process.stdout.lines():
        count += 1
    return count


async def count_batches(process: Process) -> int:
    """Lists of lines."""
    count = 0
    async for batch in process.stdout.line_batches():
        for _line in batch:
            count += 1
    return count


async def count_tagged(process: Process) -> int:
    """Lines that know their stream and time."""
    count = 0
    async for _line in process.lines():
        count += 1
    return count


WAYS: dict[str, Callable[[Process], Awaitable[int]]] = {
    "lines": count_lines_singly,
    "batches": count_batches,
    "tagged": count_tagged,
}

main()
