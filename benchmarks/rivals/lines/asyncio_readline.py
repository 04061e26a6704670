"""The reference: asyncio's `readline`."""

from __future__ import annotations

import asyncio
import sys
from subprocess import DEVNULL, PIPE

from benchmarks.rivals.harness import cat, expect_success, measure_async


def main() -> None:
    """Arguments: how often the file, and the file."""
    measure_async(count_lines, int(sys.argv[1]), warm_up=1)


async def count_lines(repeats: int) -> int:
    """One line at a time."""
    child = await asyncio.create_subprocess_exec(
        *cat(repeats, sys.argv[2]), stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, start_new_session=True
    )
    assert child.stdout is not None
    count = 0
    while await child.stdout.readline():
        count += 1
    expect_success(await child.wait())
    return count


main()
