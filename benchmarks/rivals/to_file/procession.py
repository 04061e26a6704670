"""Procession's `async for chunk in process.stdout`, written to an unbuffered file."""

from __future__ import annotations

import sys

from benchmarks.rivals.harness import (
    WARM_UP_BYTES,
    expect_success,
    head,
    measure_async,
    output_path,
    written_bytes,
)
from procession import NULL, PIPE, spawn


def main() -> None:
    """Arguments: how many bytes, and the directory to write to."""
    measure_async(capture, int(sys.argv[1]), WARM_UP_BYTES)


async def capture(n_bytes: int) -> int:
    """Reads all, writes all."""
    path = output_path(sys.argv[2], n_bytes)
    async with spawn(head(n_bytes), stdin=NULL, stdout=PIPE, stderr=NULL) as process:
        with open(path, "wb", buffering=0) as file:
            async for chunk in process.stdout:
                file.write(chunk)
        outcome = await process.wait()
    expect_success(outcome.code)
    return written_bytes(path)


main()
