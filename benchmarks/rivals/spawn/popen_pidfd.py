"""The reference: bare `subprocess.Popen`, and a pidfd in the event loop to learn of the end."""

from __future__ import annotations

import asyncio
import os
import sys
from subprocess import DEVNULL, Popen

from benchmarks.rivals.harness import WARM_UP_SPAWNS, expect_success, measure_async, take_turns


def main() -> None:
    """Arguments: how many, the program, how many at once."""
    amount, program, at_once = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])

    async def work(n: int) -> int:
        return await take_turns(n, at_once, lambda: spawn_one(program))

    measure_async(work, amount, WARM_UP_SPAWNS)


async def spawn_one(program: str) -> None:
    """Starts, waits for the pidfd to become readable, reaps."""
    loop = asyncio.get_running_loop()
    child = Popen([program], stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True)
    pidfd = os.pidfd_open(child.pid)
    ended = loop.create_future()
    loop.add_reader(pidfd, ended.set_result, None)
    await ended
    loop.remove_reader(pidfd)
    os.close(pidfd)
    expect_success(child.wait())


main()
