"""From the start of a keeper to its greeting: the median of several."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from statistics import median

from benchmarks.rivals.harness import Watch
from procession import Keeper


async def measure(n: int) -> None:
    """One after another."""
    watch = Watch()
    watch.tell(n, median([await start_one() for _ in range(n + 1)][1:]))


async def start_one() -> float:
    """In seconds."""
    began = time.perf_counter()
    async with Keeper():
        return time.perf_counter() - began


os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
asyncio.run(measure(int(sys.argv[1])))
