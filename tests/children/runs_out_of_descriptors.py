"""A host that starts programs with 0, 1, 2 … descriptors left, every kind of stream, until it works.

Argument: a folder to write in. Prints one `streams: refusals` a line; complains if anything was left behind.
"""

import asyncio
import gc
import os
import resource
import sys
from pathlib import Path

from procession import MERGED, NULL, PIPE, PTY, Limits, Log, NoDescriptorsLeft, ProgramNotFound, run

STREAMS = {
    "pipes": {},
    "input": {"stdin": PIPE},
    "nothing": {"stdout": NULL, "stderr": NULL},
    "bootstrap": {"limits": Limits(nice=1)},
    "terminal": {"stdin": PTY, "stdout": PTY, "stderr": PTY},
    "log": {"stdout": Log(f"{sys.argv[1]}/log"), "stderr": MERGED},
}
ENOUGH = 20
LIMIT = 200


def left_over():
    gc.collect()
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return sorted(os.listdir("/proc/self/fd")), children


def occupy(free):
    taken = []
    try:
        while True:
            taken.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        for _ in range(free):
            os.close(taken.pop())
    return taken


async def attempt(free, options):
    taken = occupy(free)
    try:
        return (await run(["sh", "-c", "exit 3"], **options)).code
    except NoDescriptorsLeft:
        return None
    finally:
        for descriptor in taken:
            os.close(descriptor)


async def main():
    for name, options in STREAMS.items():
        assert (await run(["sh", "-c", "exit 3"], **options)).code == 3
        await asyncio.sleep(0.05)
        before = left_over()
        for refused in range(ENOUGH):
            code = await attempt(refused, options)
            await asyncio.sleep(0.005)
            assert left_over() == before, (name, refused, before, left_over())
            if code is not None:
                break
        assert code == 3, (name, code)
        print(f"{name}: {refused}")
    taken = occupy(0)
    try:
        await run(["/no/such/program"])
    except (ProgramNotFound, NoDescriptorsLeft):
        print("missing: refused")
    for descriptor in taken:
        os.close(descriptor)


_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, hard))
asyncio.run(main())
