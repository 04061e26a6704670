"""A supervisor with many tasks that print ten lines a second each: what it uses, or how late its event loop gets.

It runs in this process, so that its loop can be asked; its keeper is one of its own.
"""

from __future__ import annotations

import asyncio
import sys
import time

from benchmarks.rivals.harness import Watch, skip
from benchmarks.rivals.home import open_desk
from benchmarks.rivals.processes import cpu_s
from procession.client.context import capture_context
from procession.model.task import task

SETTLE_S = 2.0
SAMPLE_S = 0.01


def main() -> None:
    """Arguments: how many tasks, seconds to watch, the program that prints, a directory for state, `cpu` or `lag`."""
    n, watch_s, program, scratch, which = int(sys.argv[1]), float(sys.argv[2]), *sys.argv[3:6]
    if not program:
        skip("there is no C compiler to make a program that prints")
    asyncio.run(measure(n, watch_s, program, scratch, which))


async def measure(n: int, watch_s: float, program: str, scratch: str, which: str) -> None:
    """Lets them talk, and watches."""
    async with open_desk(n, scratch) as desk:
        desk.submit_all([task([program])] * n, context=capture_context())
        while desk.status().counts.get("running", 0) < n:
            await asyncio.sleep(0.1)
        await asyncio.sleep(SETTLE_S)
        status = desk.status()
        assert status.keeper_pid is not None
        watch, before_s = Watch(), cpu_s(status.pid, status.keeper_pid)
        lags = await sample_lags(watch_s, SAMPLE_S if which == "lag" else watch_s)
        used_s = cpu_s(status.pid, status.keeper_pid) - before_s
        watch.tell(n, used_s * 60 / watch_s if which == "cpu" else lags[int(len(lags) * 0.99)])


async def sample_lags(watch_s: float, sample_s: float) -> list[float]:
    """Sleeps again and again; how much later than asked each ended, the smallest first."""
    lags = []
    until = time.perf_counter() + watch_s
    while (now := time.perf_counter()) < until:
        await asyncio.sleep(sample_s)
        lags.append(time.perf_counter() - now - sample_s)
    return sorted(lags)


main()
