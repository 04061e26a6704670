"""asyncio's own subprocesses, with the child watcher named by the last argument: `pidfd` or `threaded`."""

from __future__ import annotations

import asyncio
import sys
import warnings
from subprocess import DEVNULL

from benchmarks.rivals.harness import WARM_UP_SPAWNS, expect_success, measure_async, skip, take_turns


def main() -> None:
    """Arguments: how many, the program, how many at once, the watcher."""
    amount, program, at_once = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    choose_watcher(sys.argv[4])

    async def work(n: int) -> int:
        return await take_turns(n, at_once, lambda: spawn_one(program))

    measure_async(work, amount, WARM_UP_SPAWNS)


def choose_watcher(name: str) -> None:
    """Python 3.14 has watchers no more and always takes pidfds where it can."""
    if sys.version_info >= (3, 14):
        if name == "threaded":
            skip("Python 3.14 and later have no threaded child watcher to choose")
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        watcher = asyncio.PidfdChildWatcher() if name == "pidfd" else asyncio.ThreadedChildWatcher()
        asyncio.set_child_watcher(watcher)


async def spawn_one(program: str) -> None:
    """Starts and waits."""
    child = await asyncio.create_subprocess_exec(
        program, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True
    )
    expect_success(await child.wait())


main()
