"""Procession's `spawn`. Arguments `name=json` at the end are options for it, so that a variant is one line."""

from __future__ import annotations

import json
import sys
from typing import Any

from benchmarks.rivals.harness import WARM_UP_SPAWNS, expect_success, measure_async, take_turns
from procession import NULL, spawn


def main() -> None:
    """Arguments: how many, the program, how many at once, options of `spawn`."""
    amount, program, at_once = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    options = {name: json.loads(value) for name, value in (option.split("=", 1) for option in sys.argv[4:])}

    async def work(n: int) -> int:
        return await take_turns(n, at_once, lambda: spawn_one(program, options))

    measure_async(work, amount, WARM_UP_SPAWNS)


async def spawn_one(program: str, options: dict[str, Any]) -> None:
    """Starts, waits, and leaves the block, which ends the tree."""
    async with spawn([program], stdin=NULL, stdout=NULL, stderr=NULL, **options) as process:
        outcome = await process.wait()
    expect_success(outcome.code)


main()
