"""In a pid namespace of its own: a tree whose pids began anew below its leader's is paused, let run on, and killed.

Says whether the one that hops stood still, went on, and is gone.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

from procession import spawn
from procession.kernel.proc import newest_pid
from procession.process import tree

HOPS = [sys.executable, "-I", "-S", Path(__file__).with_name("hops.py"), "0.001"]
BEFORE_THE_LAST = 30
ROUNDS = 20


async def main():
    tree.find_base = lambda: None
    set_newest_pid(last_pid() - BEFORE_THE_LAST)
    async with spawn(HOPS) as process:
        await until(lambda: newest_pid() < process.pid)
        stood_still = [await stands_still(process) for _ in range(ROUNDS)]
        await process.kill()
    print(all(stood_still), not hops())


async def stands_still(process):
    await process.suspend()
    stood_still = not hops()
    await process.resume()
    await until(hops)
    return stood_still


def hops():
    before = newest_pid()
    time.sleep(0.02)
    return newest_pid() != before


async def until(is_so):
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


def last_pid():
    with open("/proc/sys/kernel/pid_max") as most:
        return int(most.read()) - 1


def set_newest_pid(number):
    with open("/proc/sys/kernel/ns_last_pid", "w") as last:
        last.write(str(number))


if os.getpid() == 1:
    asyncio.run(main())
else:
    unshare = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", sys.executable, *sys.argv]
    os.execvp(unshare[0], unshare)
