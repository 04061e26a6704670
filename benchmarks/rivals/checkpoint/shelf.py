"""Checkpoints of 100 tasks as files, one after another: each is on the disk under its name before the next begins."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from benchmarks.rivals.checkpoint.record import TASKS, expect_all, make_checkpoint
from benchmarks.rivals.harness import measure
from procession.checkpoint.shelf import Shelf

WARM_UP = 100


def write_and_find(scratch: str, n: int) -> int:
    """A directory of its own for each piece of work."""
    directory = Path(scratch) / f"shelf-{n}"
    directory.mkdir()
    shelf = Shelf(str(directory))
    for number in range(n):
        shelf.put(make_checkpoint(number))
    expect_all(n, [shelf.read(f"t{task}") for task in range(min(n, TASKS))])
    return n


measure(partial(write_and_find, sys.argv[2]), int(sys.argv[1]), WARM_UP)
