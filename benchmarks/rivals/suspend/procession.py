"""N ACT KIND: `Process.suspend`, which returns when nothing of the tree runs, and `Process.resume`."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from statistics import median

from benchmarks.rivals.harness import Watch, skip
from benchmarks.rivals.suspend.tree import ARGV, PAUSE_S, SIZE, expect_standing


async def measure(n: int, act: str, kind: str) -> None:
    """In turn, with a moment between."""
    if kind == "session":
        os.environ["PROCESSION_CGROUP"] = "off"
    from procession import spawn  # noqa: PLC0415 - it looks at the variable

    spent: dict[str, list[float]] = {"suspend": [], "resume": []}
    async with spawn(ARGV) as process:
        if process.is_tree_exact != (kind == "cgroup"):
            skip("no control group can be written here")
        async for _ in process.stdout.lines():
            break
        watch = Watch()
        for _ in range(n):
            for name, times in spent.items():
                await asyncio.sleep(PAUSE_S)
                began = time.perf_counter()
                await getattr(process, name)()
                times.append(time.perf_counter() - began)
                if name == "suspend":
                    expect_standing([member.pid for member in process.tree()])
        if len(process.tree()) != SIZE:
            raise RuntimeError(f"of {SIZE} there are {len(process.tree())}")
        watch.tell(n, median(spent[act]))
        await process.kill()


asyncio.run(measure(int(sys.argv[1]), *sys.argv[2:]))
