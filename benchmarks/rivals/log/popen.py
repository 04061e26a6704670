"""`subprocess.Popen` with the file as the child's stdout."""

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
    """The child writes; we wait."""
    path = output_path(sys.argv[2], n_bytes)
    with (
        open(path, "wb", buffering=0) as file,
        Popen(head(n_bytes), stdin=DEVNULL, stdout=file, stderr=DEVNULL, start_new_session=True) as child,
    ):
        pass
    expect_success(child.returncode)
    return written_bytes(path)


main()
