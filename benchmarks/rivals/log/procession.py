"""Procession with the child's stdout as a `Log` or as a plain `File`: the last argument says which."""

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
from procession import NULL, File, Log, spawn

KINDS = {"Log": Log, "File": File}


def main() -> None:
    """Arguments: how many bytes, the directory to write to, and the kind."""
    measure_async(write_log, int(sys.argv[1]), WARM_UP_BYTES)


async def write_log(n_bytes: int) -> int:
    """The child writes; we wait."""
    path = output_path(sys.argv[2], n_bytes)
    target = KINDS[sys.argv[3]](path=path)
    async with spawn(head(n_bytes), stdin=NULL, stdout=target, stderr=NULL) as process:
        outcome = await process.wait()
    expect_success(outcome.code)
    return written_bytes(path)


main()
