"""A bare loop of `os.read` and `bytes.split`: what a script without needs would do."""

from __future__ import annotations

import os
import sys
from subprocess import DEVNULL, PIPE, Popen

from benchmarks.rivals.harness import cat, expect_success, measure


def main() -> None:
    """Arguments: how often the file, and the file."""
    measure(count_lines, int(sys.argv[1]), warm_up=1)


def count_lines(repeats: int) -> int:
    """Each line is touched."""
    argv = cat(repeats, sys.argv[2])
    count, tail = 0, b""
    with Popen(argv, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, bufsize=0, start_new_session=True) as child:
        assert child.stdout is not None
        fd = child.stdout.fileno()
        while chunk := os.read(fd, 65536):
            lines = (tail + chunk).split(b"\n")
            tail = lines.pop()
            for _line in lines:
                count += 1
    expect_success(child.returncode)
    return count


main()
