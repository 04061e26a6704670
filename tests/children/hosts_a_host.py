"""Usage: hosts_a_host.py on|off: a host with a job that is a host, whose jobs are daemons; it kills the job.

The argument says whether the inner host may use control groups.
"""

import asyncio
import os
import select
import signal
import sys
from pathlib import Path

from procession import run, spawn

DAEMONS = Path(__file__).with_name("becomes_daemons.py")


async def outer():
    for turn in range(2):
        async with spawn([sys.executable, __file__, "inner"], env={"PROCESSION_CGROUP": sys.argv[1]}) as job:
            async for line in job.stdout.lines():
                pids = [int(each) for each in line.split()]
                break
            members = {member.pid for member in job.tree()}
            if turn:
                await job.terminate(3.0)
            else:
                await job.kill()
            left = [pid for pid in pids if is_alive(pid)]
            for pid in left:
                os.kill(pid, signal.SIGKILL)  # they are to fail the test, not to outlive it
            assert not left, left
            assert set(pids) <= members, (pids, members)
            assert job.tree() == []
    assert (await run(["echo", "next"])).stdout == "next\n"
    print("nothing is left")


async def inner():
    async with (
        spawn([sys.executable, "-I", "-S", DAEMONS, "2"]) as one,
        spawn(["sleep", "1000"], clean_env=True) as two,
    ):
        async for line in one.stdout.lines():
            print(os.getpid(), one.pid, two.pid, line, flush=True)
            break
        await one.wait()


def is_alive(pid):
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    ended = bool(poll.poll(0))
    os.close(descriptor)
    return not ended


asyncio.run(inner() if sys.argv[1] == "inner" else outer())
