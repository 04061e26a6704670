"""A keeper with many children that sleep, asked over its own socket: no supervisor, no store, no trees.

What is measured is the last argument: `speed` of starting and ending all of them, the keeper's `Rss`, or its `cpu`.
"""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import sys
import time

from benchmarks.rivals.harness import Watch
from benchmarks.rivals.processes import cpu_s, memory_bytes
from procession.process.keeper_link import KeeperLink
from procession.process.keepers import start_attached
from procession.wire.spawn import SpawnRequest, encode_spawn

AT_ONCE = 64
SETTLE_S = 1.0


async def measure(n: int, watch_s: float, which: str) -> None:
    """Starts all, looks, and ends all with the keeper."""
    keeper, connection = start_attached(0.0, "")
    link = KeeperLink(connection, acknowledges=True)
    await link.greet()
    sleep = os.fsencode(shutil.which("sleep") or "/bin/sleep")
    body = encode_spawn(SpawnRequest(sleep, [b"sleep", b"3600"], [], cwd=b"/"))
    null = os.open(os.devnull, os.O_RDWR)
    watch = Watch()
    keys = iter(range(1, n + 1))

    async def start_some() -> None:
        for key in keys:
            child = await link.spawn(key, body, (null, null, null))
            assert child.pidfd is not None
            os.close(child.pidfd)

    await asyncio.gather(*(start_some() for _ in range(AT_ONCE)))
    figure = None if which == "speed" else await look(keeper.pid, watch_s, which)
    assert keeper.pidfd is not None
    link.close()
    os.waitid(os.P_PIDFD, keeper.pidfd, os.WEXITED)
    watch.tell(n, figure)


async def look(pid: int, watch_s: float, which: str) -> float:
    """At the keeper, once it is quiet."""
    await asyncio.sleep(SETTLE_S)
    if which == "Rss":
        return float(memory_bytes("Rss", pid))
    before_s = cpu_s(pid)
    time.sleep(watch_s)
    return (cpu_s(pid) - before_s) * 60 / watch_s


resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
asyncio.run(measure(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]))
