"""ACTS: carry a wish to the process of a task, in the way its state needs. Not here: acts under way (`acts`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from procession.errors import AlreadyEnded, UsageError
from procession.model.event import Stopping
from procession.model.state import State
from procession.supervisor.acts import Act, begin_act
from procession.supervisor.endings import never_ran
from procession.supervisor.launcher import RunningProcess

if TYPE_CHECKING:
    from procession.supervisor.conductor import Conductor
    from procession.supervisor.entry import Entry


def ask_to_end(
    conductor: Conductor, entry: Entry, by: str, act: Act, *, insist: bool = False
) -> asyncio.Task[None] | None:
    """Have ``entry`` end: at once when nothing of it runs, else by ``act``, which is given if it is needed.

    insist: act even when it is being stopped already.
    """
    state = entry.view.state
    if state is State.ENDED:
        return None
    entry.wish = entry.wish or by
    if state is State.QUEUED:
        conductor.end(entry, never_ran(by, entry.last_outcome))
        return None
    if state is not State.STOPPING:
        conductor.record(Stopping(at=conductor.clock.time(), by=by).of(entry.id, entry.view.attempt))
    if state is State.STARTING and entry.runner is not None:
        entry.runner.cancel()
        return None
    return begin_act(entry, act) if insist or state is not State.STOPPING else None


async def wait_until_over(entry: Entry, act: asyncio.Task[None] | None) -> None:
    """Wait until ``entry`` is over; raise what makes the act impossible."""
    over = asyncio.ensure_future(entry.wait_over())
    try:
        if act is not None:
            await asyncio.wait({over, act}, return_when=asyncio.FIRST_COMPLETED)
            if act.done():
                act.result()
        await over
    finally:
        over.cancel()


async def wait_until_ready(conductor: Conductor, entry: Entry) -> None:
    """Wait until ``entry`` is ready, in this attempt or a later one, or over. Raises: UsageError: nobody will know."""
    if entry.task.ready is None:
        hint = "say by `ready` how it becomes ready"
        raise UsageError(f"task {entry.id} does not say how it is known to be ready", hint=hint, task=entry.id)
    await wait_until(conductor, entry, lambda: entry.view.ready or entry.view.is_over)


async def wait_until(conductor: Conductor, entry: Entry, is_so: Callable[[], bool]) -> None:
    """Wait until something is so that only an event about ``entry`` can have made so."""
    news = asyncio.Event()
    unsubscribe = conductor.announcer.subscribe(lambda event: news.set() if event.task == entry.id else None)
    try:
        while not is_so():
            news.clear()
            await news.wait()
    finally:
        unsubscribe()


def process_of(entry: Entry, *, even_stopping: bool = False) -> RunningProcess:
    """Give what runs of ``entry``. Raises: AlreadyEnded; UsageError: it does not run yet, or is being stopped."""
    state = entry.view.state
    if state is State.ENDED:
        kind = entry.view.outcome.kind.value if entry.view.outcome else "unknown"
        message = f"task {entry.id} has already ended ({kind})"
        raise AlreadyEnded(message, pid=entry.view.pid, task=entry.id)
    process = entry.attempt.process if entry.attempt else None
    if process is None or (state is State.STOPPING and not even_stopping):
        message = f"task {entry.id} is {state.value}"
        raise UsageError(message, hint="this needs a task that runs", task=entry.id)
    return process


async def process_once_started(entry: Entry) -> RunningProcess:
    """Give what runs of ``entry``, once it has started if it is about to. Raises: as `process_of`."""
    if entry.view.state is State.QUEUED:
        await asyncio.sleep(0)  # what was submitted in this turn of the loop is decided at its end
    if entry.view.state is State.STARTING and entry.attempt is not None:
        await entry.attempt.settled.wait()
    return process_of(entry)


async def keep_suspended(conductor: Conductor, entry: Entry) -> None:
    """Suspend ``entry`` until somebody wants it to go on. Raises: as `process_of`."""
    process = process_of(entry)
    conductor.steward.keep_suspended(entry)
    await process.suspend()


async def go_on(conductor: Conductor, entry: Entry) -> None:
    """Let ``entry`` run on, if there is room; else it does when there is. Raises: as `process_of`."""
    process = process_of(entry)
    if conductor.steward.may_go_on(entry):
        await process.resume()


def queued_entry(entry: Entry) -> Entry:
    """Give ``entry`` back if it is queued. Raises: UsageError."""
    if entry.view.state is not State.QUEUED:
        message = f"task {entry.id} cannot be changed: it is {entry.view.state.value}"
        raise UsageError(message, hint="only what is still queued can be", task=entry.id)
    return entry


async def write_to(process: RunningProcess, data: bytes, *, end: bool) -> None:
    """Write to its standard input; ``end`` closes it. Raises: StreamUnavailable, InputClosed."""
    if data:
        await process.stdin.write(data)
    if end:
        await process.stdin.close()


async def finish_uninterrupted(awaitable: Awaitable[Any]) -> None:
    """Finish, however often the caller is cancelled meanwhile."""
    work = asyncio.ensure_future(awaitable)
    while not work.done():
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError:
            continue
    work.result()
