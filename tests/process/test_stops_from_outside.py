"""Being stopped and continued by somebody else is a state, not an end."""

import asyncio
import os
import signal
import time

from procession import NULL, OutcomeKind, State, spawn

QUIET = {"stdout": NULL, "stderr": NULL}


async def test_a_stop_from_outside_is_seen(tree_kind, wait_until):
    """C039: SIGSTOP from outside makes it suspended within a second, SIGCONT running again; no exit is told."""
    told = []
    async with spawn(["sleep", "60"], on_event=told.append, **QUIET) as process:
        for _ in range(2):
            os.kill(process.pid, signal.SIGSTOP)
            await wait_until(lambda: process.state is State.SUSPENDED, timeout=1.5)
            os.kill(process.pid, signal.SIGCONT)
            await wait_until(lambda: process.state is State.RUNNING, timeout=1.5)
        assert [(event.name, event.by) for event in told[2:]] == [("suspended", "outside"), ("resumed", "outside")] * 2
        assert process.outcome is None


async def test_a_program_may_stop_itself(wait_until):
    """C039: so it is when a program stops itself; resume lets it go on."""
    async with spawn(["sh", "-c", "kill -STOP $$; exit 3"], **QUIET) as process:
        await wait_until(lambda: process.state is State.SUSPENDED, timeout=1.5)
        await process.resume()
        outcome = await process.wait()

    assert (outcome.kind, outcome.code) == (OutcomeKind.FAILED, 3)


async def test_its_time_does_not_run_while_it_is_stopped(wait_until):
    """C039: a time-out pauses with a stop from outside, and goes on afterwards."""
    async with spawn(["sleep", "60"], timeout=0.9, **QUIET) as process:
        os.kill(process.pid, signal.SIGSTOP)
        await wait_until(lambda: process.state is State.SUSPENDED, timeout=1.0)
        await asyncio.sleep(1.0)
        assert process.state is State.SUSPENDED
        os.kill(process.pid, signal.SIGCONT)
        began = time.monotonic()
        outcome = await process.wait()

    assert outcome.kind is OutcomeKind.TIMED_OUT
    assert time.monotonic() - began < 2.5


async def test_a_stopped_one_can_be_ended_politely(tree_kind, wait_until):
    """C039: terminating something that others stopped lets it run first, so that SIGTERM is enough."""
    async with spawn(["sleep", "60"], **QUIET) as process:
        os.kill(process.pid, signal.SIGSTOP)
        await wait_until(lambda: process.state is State.SUSPENDED, timeout=1.5)
        outcome = await process.terminate(5)

    assert (outcome.signal, outcome.forced) == (signal.SIGTERM, False)


async def test_one_that_is_killed_while_stopped_has_ended(tree_kind, wait_until):
    """C039: SIGKILL from outside on a stopped one is its end, and says so."""
    async with spawn(["sleep", "60"], **QUIET) as process:
        os.kill(process.pid, signal.SIGSTOP)
        await wait_until(lambda: process.state is State.SUSPENDED, timeout=1.5)
        os.kill(process.pid, signal.SIGKILL)
        outcome = await process.wait()

    assert (process.state, outcome.signal, outcome.stopped_by) == (State.ENDED, signal.SIGKILL, None)
    assert "not sent by this program" in outcome.message
