"""A host under somebody who does not reap: kills a tree of orphans, and says how long it took."""

import asyncio
import contextlib
import time

from procession import spawn

SCRIPT = "for each in 1 2 3 4 5; do (sleep 1000 & echo $!); done; echo over; wait; sleep 1000"


async def main():
    async with spawn(["/bin/sh", "-c", SCRIPT]) as process:
        pids = []
        async with contextlib.aclosing(process.stdout.lines()) as lines:
            async for line in lines:
                if line == "over":
                    break
                pids.append(int(line))
        began = time.monotonic()
        outcome = await process.kill()
        took_s = time.monotonic() - began
        assert not outcome.survivors, outcome
        assert process.tree() == []
    zombies = sum(letter_of(pid) == "Z" for pid in pids)
    print(f"{zombies} zombies {took_s:.3f} s")


def letter_of(pid):
    with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0]
    return "gone"


asyncio.run(main())
