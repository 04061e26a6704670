"""Procession: how long after a task was told to end its exit is told to a subscriber, or is in the store as well."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from statistics import median

from benchmarks.rivals.harness import Watch
from benchmarks.rivals.home import open_desk
from procession import NULL, Command
from procession.client.context import capture_context
from procession.daemon.desk import DaemonDesk
from procession.model.context import Context
from procession.model.event import Event
from procession.model.task import task

PAUSE_S = 0.02
EXITED = b'"event":"exited"'
STARTED = b'"event":"started"'


async def measure(n: int, scratch: str, *, stored: bool) -> None:
    """One after another."""
    async with open_desk(4, scratch) as desk:
        context = capture_context()
        watch = Watch()
        watch.tell(n, median([await end_one(desk, context, stored=stored) for _ in range(n)]))


async def end_one(desk: DaemonDesk, context: Context, *, stored: bool) -> float:
    """From the signal to the event."""
    [id_] = desk.submit_all(
        [task(Command(argv=("sleep", "60"), stdin=NULL, stdout=NULL, stderr=NULL))], context=context
    )
    await committed(desk, STARTED)
    await asyncio.sleep(PAUSE_S)
    pid = desk.get(id_).pid
    assert pid is not None
    exited = asyncio.ensure_future(committed(desk, EXITED) if stored else told(desk))
    await asyncio.sleep(0)
    began = time.perf_counter()
    os.kill(pid, signal.SIGTERM)
    latency_s = await exited - began
    await desk.wait(id_)
    return latency_s


async def told(desk: DaemonDesk) -> float:
    """When the next exit was told."""
    heard: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def hear(event: Event) -> None:
        if event.name == "exited" and not heard.done():
            heard.set_result(time.perf_counter())

    forget = desk.subscribe(hear)
    try:
        return await heard
    finally:
        forget()


async def committed(desk: DaemonDesk, what: bytes) -> float:
    """When the next event of this kind was told, once it was committed."""
    heard: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def hear(events: list[tuple[int, bytes]]) -> None:
        if not heard.done() and any(what in body for _, body in events):
            heard.set_result(time.perf_counter())

    forget = desk.subscribe_committed(hear)
    try:
        return await heard
    finally:
        forget()


asyncio.run(measure(int(sys.argv[1]), sys.argv[2], stored=sys.argv[3:] == ["stored"]))
