"""Procession's `Keeper`, attached: the same as `spawn`, in a process beside this one."""

from __future__ import annotations

import sys

from benchmarks.rivals.harness import WARM_UP_SPAWNS, expect_success, measure_async, take_turns
from procession import NULL, Keeper


def main() -> None:
    """Arguments: how many, the program, how many at once."""
    amount, program, at_once = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])

    async def work(n: int, keeper: Keeper) -> int:
        return await take_turns(n, at_once, lambda: spawn_one(keeper, program))

    measure_async(work, amount, WARM_UP_SPAWNS, Keeper)


async def spawn_one(keeper: Keeper, program: str) -> None:
    """Starts, waits, and leaves the block, which ends the tree."""
    async with keeper.spawn([program], stdin=NULL, stdout=NULL, stderr=NULL) as process:
        outcome = await process.wait()
    expect_success(outcome.code)


main()
