"""The reference: how long after a child was killed its pidfd wakes an asyncio loop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from statistics import median
from subprocess import DEVNULL, Popen

from benchmarks.rivals.harness import Watch

PAUSE_S = 0.02


async def measure(n: int) -> None:
    """One after another."""
    watch = Watch()
    watch.tell(n, median([await end_one() for _ in range(n)]))


async def end_one() -> float:
    """From the signal to the callback."""
    loop = asyncio.get_running_loop()
    child = Popen(["sleep", "60"], stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True)
    pidfd = os.pidfd_open(child.pid)
    ended = loop.create_future()
    loop.add_reader(pidfd, lambda: ended.done() or ended.set_result(time.perf_counter()))
    await asyncio.sleep(PAUSE_S)
    began = time.perf_counter()
    signal.pidfd_send_signal(pidfd, signal.SIGTERM)
    latency_s = await ended - began
    loop.remove_reader(pidfd)
    os.close(pidfd)
    child.wait()
    return latency_s


asyncio.run(measure(int(sys.argv[1])))
