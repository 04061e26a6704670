"""The reference: `cmd > file`, by the shell."""

from __future__ import annotations

import sys
from subprocess import DEVNULL, Popen

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
    measure(write_log, int(sys.argv[1]), WARM_UP_BYTES)


def write_log(n_bytes: int) -> int:
    """The shell gives the child its file and gets out of the way."""
    path = output_path(sys.argv[2], n_bytes)
    argv = ["/bin/sh", "-c", 'exec "$@" > "$0"', path, *head(n_bytes)]
    with Popen(argv, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True) as child:
        pass
    expect_success(child.returncode)
    return written_bytes(path)


main()
