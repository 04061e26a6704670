"""Usage: hosts_with_a_keeper.py COUNT [copied]: a program with a keeper of its own and sleeping tasks.

Prints the pids of keeper, copy (0 without one) and tasks; then waits for ever. `copied`: it has forked itself before.
"""

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack

from procession import NULL, Keeper


async def main():
    async with AsyncExitStack() as stack:
        keeper = await stack.enter_async_context(Keeper(grace_s=0.5))
        tasks = [
            await stack.enter_async_context(keeper.spawn(["sleep", "1000"], stdout=NULL, stderr=NULL))
            for _ in range(int(sys.argv[1]))
        ]
        copy = 0
        if "copied" in sys.argv and (copy := os.fork()) == 0:
            os.close(1)
            signal.pause()
        print(keeper.pid, copy, *(task.pid for task in tasks), flush=True)
        await asyncio.sleep(1000)


asyncio.run(main())
