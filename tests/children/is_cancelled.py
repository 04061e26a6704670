"""Usage: is_cancelled.py BEHAVIOUR: a host whose event loop is shut down in a way that cancels everything at once."""

import asyncio
import contextlib
import os
import signal
import sys

from procession import INHERIT, run, spawn

IGNORES = "trap '' TERM; echo ready; while :; do sleep 0.05; done"


async def live():
    async with spawn(["sh", "-c", IGNORES], grace=0.1) as process:
        print(process.pid, flush=True)
        async for line in process.stdout.lines():
            assert line == "ready"
            break
        await process.wait()


async def background():
    """The main coroutine returns while a block is open elsewhere: asyncio.run cancels that."""
    kept = asyncio.ensure_future(live())
    await asyncio.sleep(0.3)
    assert not kept.done()


async def everybody():
    """All tasks are cancelled, those that end the tree included, and again, and again."""
    live_task = asyncio.ensure_future(live())
    await asyncio.sleep(0.3)
    for _ in range(5):
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.02)
    with contextlib.suppress(asyncio.CancelledError):
        await live_task


async def interrupted():
    """Ctrl-C."""
    asyncio.get_running_loop().call_later(0.3, os.kill, os.getpid(), signal.SIGINT)
    await live()


async def exits():
    """sys.exit in the middle of a block."""
    async with spawn(["sh", "-c", IGNORES], grace=0.1) as process:
        print(process.pid, flush=True)
        sys.exit(0)


async def buffered():
    """A run() is cancelled from outside."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.3):
            await run(["sh", "-c", f"echo $$ >&2; {IGNORES}"], stderr=INHERIT, grace=0.1)


with contextlib.suppress(KeyboardInterrupt):
    asyncio.run(globals()[sys.argv[1]]())
