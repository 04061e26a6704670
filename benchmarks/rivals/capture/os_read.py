"""The reference: a bare loop of `os.read`, 64 KiB at a time."""

from __future__ import annotations

import os
import sys
from subprocess import DEVNULL, PIPE, Popen

from benchmarks.rivals.harness import WARM_UP_BYTES, expect_success, head, measure


def main() -> None:
    """Argument: how many bytes."""
    measure(capture, int(sys.argv[1]), WARM_UP_BYTES)


def capture(n_bytes: int) -> int:
    """Reads all, keeps nothing."""
    total = 0
    with Popen(head(n_bytes), stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, bufsize=0, start_new_session=True) as child:
        assert child.stdout is not None
        fd = child.stdout.fileno()
        while chunk := os.read(fd, 65536):
            total += len(chunk)
    expect_success(child.returncode)
    return total


main()
