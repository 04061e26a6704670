"""Usage: pauses_and_kills.py WAY…: a host whose job ends while paused, in each of the ways; then it starts others.

It is a host of its own because a mistake here would freeze it for ever, and whoever runs it with it.
"""

import asyncio
import os
import signal
import sys
import time

from procession import AlreadyEnded, run, spawn


async def killed(process):
    await process.suspend()
    await process.kill()


async def terminated(process):
    await process.suspend()
    await process.terminate(0.1)


async def left(process):
    await process.suspend()


async def killed_from_outside(process):
    await process.suspend()
    for member in process.tree():
        os.kill(member.pid, signal.SIGKILL)
    await process.wait()


async def ended_before_the_pause(process):
    for member in process.tree():
        os.kill(member.pid, signal.SIGKILL)
    time.sleep(0.1)  # zombies, not yet looked at
    try:
        await process.suspend()
    except AlreadyEnded:
        print("refused", flush=True)
    await process.wait()


async def killed_during_the_pause(process):
    await asyncio.gather(process.suspend(), process.kill(), process.suspend(), return_exceptions=True)


async def paused_while_ending(process):
    ending = asyncio.ensure_future(process.terminate(0.3))
    await asyncio.sleep(0)
    try:
        await process.suspend()
    except AlreadyEnded:
        print("refused", flush=True)
    await ending


async def main():
    for way in sys.argv[1:]:
        print(way, flush=True)
        for _ in range(2):
            async with spawn(["sh", "-c", "sleep 1000 & sleep 1000"], grace=0.1) as process:
                await globals()[way](process)
            assert process.tree() == []
        for _ in range(3):
            async with asyncio.timeout(3):
                assert (await run(["echo", "next"])).stdout == "next\n"
    print("unfrozen", flush=True)


asyncio.run(main())
