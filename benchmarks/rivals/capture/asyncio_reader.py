"""asyncio's `StreamReader`, with its default limit."""

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
    child = await asyncio.create_subprocess_exec(
        *head(n_bytes), stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, start_new_session=True
    )
    assert child.stdout is not None
    total = 0
    while chunk := await child.stdout.read(65536):
        total += len(chunk)
    expect_success(await child.wait())
    return total


main()
