"""What every Python rival shares: warm up, measure, print one JSON line. The other twin is `harness.mjs`.

Imports little, so that start-up and memory are the rival's own.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Any, NoReturn

WARM_UP_BYTES = 1024 * 1024
WARM_UP_SPAWNS = 16


def measure(work: Callable[[int], int], amount: int, warm_up: int) -> None:
    """Does the work twice, a little and then in full; `work` returns how much it really did."""
    work(warm_up)
    watch = Watch()
    watch.tell(work(amount))


def measure_async(
    work: Callable[..., Coroutine[None, None, int]],
    amount: int,
    warm_up: int,
    tool: Callable[[], AbstractAsyncContextManager[Any]] | None = None,
) -> None:
    """The same in an asyncio loop, whose own start and end are not part of the work, nor those of the `tool`."""

    async def main() -> None:
        async with tool() if tool else nullcontext() as opened:
            given = (opened,) if tool else ()
            await work(warm_up, *given)
            watch = Watch()
            watch.tell(await work(amount, *given))

    asyncio.run(main())


class Watch:
    """Started when made."""

    def __init__(self) -> None:
        """Notes the time and the processor time of us and of the children we reaped."""
        self._cpu_s = cpu_s()
        self._began = time.perf_counter()
        self._seconds: float | None = None

    def stop(self) -> None:
        """Ends the measured part, where what was done is counted afterwards."""
        self._seconds = time.perf_counter() - self._began

    def tell(self, n: int, figure: float | None = None) -> None:
        """Prints the reading: how much was done and, where that is no matter of speed, what was found."""
        seconds = self._seconds or time.perf_counter() - self._began
        reading = {
            "seconds": seconds,
            "n": n,
            "cpu_s": cpu_s() - self._cpu_s,
            "peak_rss_bytes": peak_rss_bytes(),
            "figure": figure,
        }
        print(json.dumps(reading), flush=True)


def cpu_s() -> float:
    """Of this process and of its children."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def peak_rss_bytes() -> int | None:
    """Our own peak. `ru_maxrss` will not do: across vfork and exec it keeps the peak of whoever started us."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    peaks = [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")]
    return peaks[0] if peaks else None


def import_peer(name: str) -> Any:
    """The module, or the end of this rival where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        skip(f"{name} is not installed")


def skip(reason: str) -> NoReturn:
    """For a rival whose peer is missing: says so instead of a reading."""
    print(json.dumps({"skipped": reason}), flush=True)
    sys.exit(0)


async def take_turns(n: int, at_once: int, spawn_one: Callable[[], Awaitable[None]]) -> int:
    """Calls `spawn_one` n times, with so many under way at any moment."""
    left = iter(range(n))

    async def work() -> int:
        done = 0
        for _ in left:
            await spawn_one()
            done += 1
        return done

    return sum(await asyncio.gather(*(work() for _ in range(min(at_once, n)))))


def expect_success(code: int | None) -> None:
    """A rival that misses the exit code has not reaped."""
    if code != 0:
        raise RuntimeError(f"the child ended with {code}")


def head(n_bytes: int) -> list[str]:
    """The producer of all output benchmarks."""
    return ["head", "-c", str(n_bytes), "/dev/zero"]


def cat(repeats: int, path: str) -> list[str]:
    """The producer of all line benchmarks."""
    return ["cat", *[path] * repeats]


def output_path(directory: str, n_bytes: int) -> str:
    """A new file for each piece of work, so that none inherits another's pages."""
    return str(Path(directory) / f"output-{n_bytes}")


def written_bytes(path: str) -> int:
    """What really ended up in the file."""
    return Path(path).stat().st_size
