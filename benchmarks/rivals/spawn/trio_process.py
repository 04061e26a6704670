"""trio's `run_process`, as many at once as there are tasks in the nursery."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from subprocess import DEVNULL

from benchmarks.rivals.harness import WARM_UP_SPAWNS, Watch, expect_success, import_peer

trio = import_peer("trio")


def main() -> None:
    """Arguments: how many, the program, how many at once."""
    trio.run(measure_trio, int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))


async def measure_trio(amount: int, program: str, at_once: int) -> None:
    """The harness's course in trio's own loop."""
    await work(WARM_UP_SPAWNS, program, at_once)
    watch = Watch()
    watch.tell(await work(amount, program, at_once))


async def work(n: int, program: str, at_once: int) -> int:
    """So many in all, so many at once."""
    left = iter(range(n))
    async with trio.open_nursery() as nursery:
        for _ in range(min(at_once, n)):
            nursery.start_soon(spawn_each, left, program)
    return n - len(list(left))


async def spawn_each(left: Iterator[int], program: str) -> None:
    """One after another until none is left."""
    start = partial(trio.run_process, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True)
    for _ in left:
        done = await start([program])
        expect_success(done.returncode)


main()
