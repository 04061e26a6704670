"""The reference: a bare loop of `os.read` and `os.write`, 64 KiB at a time."""

from __future__ import annotations

import os
import sys
from subprocess import DEVNULL, PIPE, Popen

from benchmarks.rivals.harness import (
    WARM_UP_BYTES,
    expect_success,
    head,
    measure,
    output_path,
    written_bytes,
)


def main() -> None:
    """Arguments: how many bytes, and the directory to write to."""
    measure(capture, int(sys.argv[1]), WARM_UP_BYTES)


def capture(n_bytes: int) -> int:
    """Reads all, writes all."""
    path = output_path(sys.argv[2], n_bytes)
    with (
        Popen(head(n_bytes), stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, bufsize=0, start_new_session=True) as child,
        open(path, "wb", buffering=0) as file,
    ):
        assert child.stdout is not None
        source, target = child.stdout.fileno(), file.fileno()
        while chunk := os.read(source, 65536):
            os.write(target, chunk)
    expect_success(child.returncode)
    return written_bytes(path)


main()
