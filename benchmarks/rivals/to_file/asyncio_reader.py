"""asyncio's `StreamReader`, written to an unbuffered file."""

from __future__ import annotations

import asyncio
import sys
from subprocess import DEVNULL, PIPE

from benchmarks.rivals.harness import (
    WARM_UP_BYTES,
    expect_success,
    head,
    measure_async,
    output_path,
    written_bytes,
)


def main() -> None:
    """Arguments: how many bytes, and the directory to write to."""
    measure_async(capture, int(sys.argv[1]), WARM_UP_BYTES)


async def capture(n_bytes: int) -> int:
    """Reads all, writes all."""
    path = output_path(sys.argv[2], n_bytes)
    child = await asyncio.create_subprocess_exec(
        *head(n_bytes), stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, start_new_session=True
    )
    assert child.stdout is not None
    with open(path, "wb", buffering=0) as file:
        while chunk := await child.stdout.read(65536):
            file.write(chunk)
    expect_success(await child.wait())
    return written_bytes(path)


main()
