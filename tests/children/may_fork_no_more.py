"""A host of an ordinary user that may have no more processes: every start is refused, and nothing is left of it.

Must be started by root, to become that user. Prints what happened.
"""

import asyncio
import os
import resource

from procession import Limits, NoProcessesLeft, run

USER = 54_321
TRIES = 20


async def main():
    assert (await run(["true"])).ok
    before = sorted(os.listdir("/proc/self/fd"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    resource.setrlimit(resource.RLIMIT_NPROC, (1, hard))
    refused = 0
    for number in range(TRIES):
        try:
            await run(["true"], **({"limits": Limits(nice=1)} if number % 2 else {}))
        except NoProcessesLeft as error:
            refused += error.code == "no_processes_left"
    assert sorted(os.listdir("/proc/self/fd")) == before
    resource.setrlimit(resource.RLIMIT_NPROC, (soft, hard))
    assert (await run(["true"])).ok
    print(f"{refused} refused")


asyncio.run(run(["true"]))  # loads everything while root still may
os.setgroups([])
os.setresgid(USER, USER, USER)
os.setresuid(USER, USER, USER)
asyncio.run(main())
