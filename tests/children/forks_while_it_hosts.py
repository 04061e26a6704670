"""Usage: forks_while_it_hosts.py returns|exits|raises: a host with a running job forks itself, by multiprocessing.

The copy runs jobs of its own, then returns, exits or raises. Afterwards the host's job must still run, and end cleanly.
"""

import asyncio
import multiprocessing
import sys

from procession import run, run_blocking, spawn


def work():
    for _ in range(3):
        assert run_blocking(["sh", "-c", "sleep 1000 & echo in the copy"]).stdout == "in the copy\n"
    if sys.argv[1] == "exits":
        sys.exit(0)
    if sys.argv[1] == "raises":
        sys.stderr = open("/dev/null", "w")
        raise RuntimeError


async def main():
    context = multiprocessing.get_context("fork")
    async with spawn(["sh", "-c", "sleep 1000 & echo ready; wait"]) as process:
        async for line in process.stdout.lines():
            assert line == "ready"
            break
        before = pids_of(process)
        copies = [context.Process(target=in_a_copy) for _ in range(2)]
        for copy in copies:
            copy.start()
        assert (await run(["echo", "beside"])).stdout == "beside\n"
        for copy in copies:
            await asyncio.to_thread(copy.join)
        assert [copy.exitcode for copy in copies] == [1 if sys.argv[1] == "raises" else 0] * 2
        assert pids_of(process) == before, (process.tree(), before)
        outcome = await process.terminate(1)
        assert outcome.signal == 15, outcome
    assert (await run(["echo", "after"])).stdout == "after\n"
    print("undisturbed")


def pids_of(process):
    return [member.pid for member in process.tree()]


def in_a_copy():
    # what a copy inherits of a running loop is not its own
    asyncio.events._set_running_loop(None)
    work()


asyncio.run(main())
