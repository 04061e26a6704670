"""anyio's `run_process` on its asyncio backend."""

from __future__ import annotations

import sys
from subprocess import DEVNULL

from benchmarks.rivals.harness import WARM_UP_SPAWNS, expect_success, import_peer, measure_async, take_turns

anyio = import_peer("anyio")


def main() -> None:
    """Arguments: how many, the program, how many at once."""
    amount, program, at_once = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])

    async def work(n: int) -> int:
        return await take_turns(n, at_once, lambda: spawn_one(program))

    measure_async(work, amount, WARM_UP_SPAWNS)


async def spawn_one(program: str) -> None:
    """Starts and waits."""
    done = await anyio.run_process([program], stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True)
    expect_success(done.returncode)


main()
