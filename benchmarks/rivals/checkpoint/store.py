"""Checkpoints of 100 tasks through the store: noted, committed so many at once, and all that are kept found again."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from benchmarks.rivals.checkpoint.record import TASKS, expect_all, make_checkpoint
from benchmarks.rivals.harness import measure
from procession.store.store import Store

WARM_UP = 100


def write_and_find(scratch: str, at_once: int, n: int) -> int:
    """A store of its own for each piece of work; opened again to look."""
    path = Path(scratch) / f"store-{n}.db"
    with Store(path) as store:
        for number in range(n):
            store.put_checkpoint(make_checkpoint(number))
            if number % at_once == at_once - 1:
                store.commit()
        store.commit()
    with Store(path) as store:
        expect_all(n, [store.checkpoints(f"t{task}") for task in range(min(n, TASKS))])
    return n


measure(partial(write_and_find, sys.argv[2], int(sys.argv[3])), int(sys.argv[1]), WARM_UP)
