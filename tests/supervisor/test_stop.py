"""Stopping, killing, pausing, signalling."""

import asyncio
import signal

import pytest

from procession.errors import AlreadyEnded, InvalidSignal, UsageError
from procession.model.outcome import Outcome, OutcomeKind


async def test_stopping_what_is_queued(stage):
    """A queued task that is stopped ends *stopped*, and never starts."""
    async with stage(hard_limit=1) as it:
        it.supervisor.submit(["a"], name="a")
        it.supervisor.submit(["b"], name="b")
        await it.settle()
        view = await it.supervisor.stop("b")
        await it.finish("a")

        assert (view.state, view.outcome.kind, view.outcome.stopped_by) == ("ended", "stopped", "user")
        assert (view.started_at, view.outcome.code, view.outcome.signal) == (None, None, None)
        assert len(it.launcher.processes) == 1


async def test_stopping_returns_when_it_is_over(stage):
    """``stop`` answers when the task has ended, with its outcome."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        view = await it.supervisor.stop("a", by="user")

        assert (view.state, view.outcome.kind) == ("ended", "stopped")
        assert it.names("a").count("stopping") == 1


async def test_stopping_while_it_starts(stage):
    """A start that hangs can be stopped; nothing comes of it later."""
    async with stage() as it:
        it.launcher.gate = asyncio.Event()
        it.supervisor.submit(["a"], name="a", retries=3)
        await it.settle()
        assert it.state("a") == "starting"
        view = await it.supervisor.stop("a")
        it.launcher.gate.set()
        await it.settle()

        assert (view.outcome.kind, view.outcome.stopped_by) == ("stopped", "user")
        assert it.names("a") == ["submitted", "starting", "stopping", "ended"]


async def test_stopping_as_soon_as_it_starts(stage):
    """A subscriber may stop a task at any event, the first one included."""
    async with stage() as it:
        asked = []
        for name in ("starting", "started"):
            it.supervisor.subscribe(
                lambda event, name=name: (
                    asked.append(asyncio.create_task(it.supervisor.stop(event.task))) if event.name == name else None
                )
            )
        it.supervisor.submit(["a"], name="a")
        view = await it.supervisor.wait("a")
        await asyncio.gather(*asked)

        assert view.outcome.kind == "stopped"


async def test_stopping_twice_is_stopping_once(stage):
    """Ten callers stop one task: one end, and all are answered (C058)."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        views = await asyncio.gather(*(it.supervisor.stop("a") for _ in range(10)))

        assert views == [views[0]] * 10
        assert it.names("a").count("stopping") == 1
        assert not it.launcher.of("a").was_killed


async def test_killing_insists(stage):
    """A task that does not stop is killed by a second, explicit wish (C058)."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        it.launcher.of("a").ignores_stop = True
        stopping = asyncio.create_task(it.supervisor.stop("a"))
        await it.settle()
        assert it.state("a") == "stopping"
        view = await it.supervisor.kill("a")

        assert view.outcome.forced
        assert await stopping == view


async def test_what_ends_by_itself_keeps_its_end(stage, failed):
    """A task that ends at the moment it is stopped keeps its own code, and is not tried again (C059)."""
    async with stage(random=lambda: 0.0) as it:
        it.supervisor.submit(["a"], name="a", retries=3)
        await it.settle()
        it.launcher.of("a").finish(failed)
        view = await it.supervisor.stop("a")

        assert (view.outcome.kind, view.outcome.code, view.attempt) == ("failed", 1, 1)


async def test_after_the_end(stage, succeeded):
    """Signals after the end get a clear answer; stopping what is over shows it as it is (C036)."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        await it.finish("a")
        ended = it.supervisor.get("a")
        for act in (it.supervisor.suspend, it.supervisor.resume):
            with pytest.raises(AlreadyEnded, match="already ended"):
                await act("a")
        with pytest.raises(AlreadyEnded):
            await it.supervisor.signal("a", "TERM")

        assert await it.supervisor.stop("a") == ended
        assert await it.supervisor.kill("a") == ended
        assert ended.outcome == succeeded


async def test_before_the_start(stage):
    """What needs a running task says so while it is queued."""
    async with stage(hard_limit=1) as it:
        it.supervisor.submit(["a"])
        queued = it.supervisor.submit(["b"])
        await it.settle()
        with pytest.raises(UsageError, match="queued"):
            await it.supervisor.suspend(queued)
        with pytest.raises(UsageError, match="queued"):
            await it.supervisor.signal(queued, 15)


async def test_suspending_and_resuming(stage):
    """A task can be paused and continued, and stopped while it is paused (C089)."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        assert (await it.supervisor.suspend("a")).state == "suspended"
        assert (await it.supervisor.resume("a")).state == "running"
        assert (await it.supervisor.suspend("a")).state == "suspended"
        assert (await it.supervisor.stop("a")).outcome.kind == "stopped"


async def test_signals(stage):
    """Signals are checked before anything is sent, and passed on (C061)."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        for bad in (False, 65, -1, "NOSUCH"):
            with pytest.raises(InvalidSignal):
                await it.supervisor.signal("a", bad)
        await it.supervisor.signal("a", "usr1")
        await it.supervisor.signal("a", 0)

        assert it.launcher.of("a").signals == [signal.SIGUSR1, 0]


async def test_leaving_stops_everything(stage):
    """Leaving the block stops what runs, what starts and what is queued, and starts nothing more."""
    async with stage(hard_limit=2) as it:
        for name in "abc":
            it.supervisor.submit([name], name=name, retries=2)
        await it.settle()

    views = it.supervisor.list()
    assert [view.outcome.kind for view in views] == ["stopped"] * 3
    assert {view.outcome.stopped_by for view in views} == {"shutdown"}
    assert len(it.launcher.processes) == 2


async def test_leaving_stops_in_parallel(stage):
    """All tasks are asked to end before anybody is waited for (C062)."""
    it = stage()
    await it.__aenter__()
    for _ in range(20):
        it.supervisor.submit(["x"])
    await it.settle()
    for process in it.launcher.processes:
        process.ignores_stop = True
    leaving = asyncio.create_task(it.__aexit__(None, None, None))
    await it.settle()
    assert {it.state(view.id) for view in it.supervisor.list()} == {"stopping"}

    for process in it.launcher.processes:
        process.finish(Outcome(kind=OutcomeKind.STOPPED, signal=15))
    await leaving


async def test_leaving_can_be_hurried(stage):
    """Cancelling the end of the block kills what is left, and is still a cancellation."""
    it = stage()
    await it.__aenter__()
    it.supervisor.submit(["x"], name="x")
    await it.settle()
    it.launcher.of("x").ignores_stop = True
    leaving = asyncio.create_task(it.__aexit__(None, None, None))
    await it.settle()
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving

    assert it.launcher.of("x").was_killed
    assert it.supervisor.get("x").outcome.forced


async def test_leaving_by_an_error(stage):
    """An error in the block stops everything, too, and comes out unchanged."""
    it = stage()
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is what is tested
        async with it:
            it.supervisor.submit(["x"], name="x")
            await it.settle()
            raise ZeroDivisionError

    assert it.state("x") == "ended"


async def test_stopping_all_keeps_the_door_open(stage):
    """After stopping all, new tasks are still taken."""
    async with stage(hard_limit=1) as it:
        it.supervisor.submit(["a"])
        it.supervisor.submit(["b"])
        await it.settle()
        views = await it.supervisor.stop_all()
        assert [view.outcome.kind for view in views] == ["stopped", "stopped"]
        assert len(it.launcher.processes) == 1

        later = it.supervisor.submit(["c"])
        await it.settle()
        assert it.state(later) == "running"


async def test_waiters_disturb_nothing(stage, succeeded):
    """Twenty waiters, half of them cancelled: the others get the same view, and the task does not notice (C032)."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        waiters = [asyncio.create_task(it.supervisor.wait("a")) for _ in range(20)]
        await it.settle()
        for waiter in waiters[::2]:
            waiter.cancel()
        await it.settle()
        assert it.state("a") == "running"
        await it.finish("a", succeeded)
        views = [await waiter for waiter in waiters[1::2]]

        assert all(waiter.cancelled() for waiter in waiters[::2])
        assert {view.outcome for view in views} == {succeeded}
        assert await it.supervisor.wait("a") == views[0]


async def test_a_cancelled_stop_goes_on(stage):
    """Who asked for the stop may go away: the task is stopped all the same (C032)."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        it.launcher.of("a").ignores_stop = True
        stopping = asyncio.create_task(it.supervisor.stop("a"))
        await it.settle()
        stopping.cancel()
        await it.settle()
        assert it.state("a") == "stopping"

        it.launcher.of("a").insisted.set()
        assert (await it.supervisor.wait("a")).outcome.stopped_by == "user"


async def test_waiting_for_all(stage):
    """``wait_all`` includes what is submitted while it waits, and returns at once when there is nothing."""
    async with stage() as it:
        assert await it.supervisor.wait_all() == []
        it.supervisor.submit(["a"], name="a")
        waiting = asyncio.create_task(it.supervisor.wait_all())
        await it.settle()
        it.supervisor.submit(["b"], name="b")
        await it.settle()
        await it.finish("a")
        assert not waiting.done()

        await it.finish("b")
        assert [view.id for view in await waiting] == ["a", "b"]
