"""A host to whom the wall clock jumps an hour forth and an hour back while a job with a time-out runs."""

import asyncio
import time

from procession import run, spawn

real_time = time.time


async def main():
    events = []
    began = time.monotonic()
    async with spawn(["sleep", "1000"], timeout=0.6, on_event=events.append) as process:
        await asyncio.sleep(0.1)
        time.time = lambda: real_time() + 3600
        await asyncio.sleep(0.2)
        time.time = lambda: real_time() - 3600
        outcome = await process.wait()
    took_s = time.monotonic() - began
    assert outcome.kind == "timed_out", outcome
    assert 0.6 <= took_s < 1.5, took_s
    assert 0.6 <= outcome.duration_s < 1.5, outcome
    result = await run(["true"])
    assert 0 <= result.duration_s < 5
    print("unmoved")


asyncio.run(main())
