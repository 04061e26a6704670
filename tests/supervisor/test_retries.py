"""Further attempts: when, how often, how shown."""

import asyncio

import pytest

from procession.errors import NoProcessesLeft, ProgramNotFound, UsageError
from procession.model.outcome import Outcome, OutcomeKind
from procession.model.task import Dependency


async def test_retries_wait_longer_each_time(stage, failed, succeeded):
    """Each attempt waits its delay, keeps the id, counts up, and shows why it waits."""
    async with stage(random=lambda: 1.0) as it:
        it.supervisor.submit(["a"], name="a", retries=2)
        await it.settle()
        await it.finish("a", failed)
        view = it.supervisor.get("a")
        assert (view.state, view.attempt, view.pid, view.outcome) == ("queued", 2, None, None)
        assert view.waiting == "waiting: attempt 2 in 1.00 s, after: exited with code 1"

        it.clock.move(0.9)
        await it.settle()
        assert it.state("a") == "queued"
        it.clock.move(0.2)
        await it.settle()
        assert it.state("a") == "running"

        await it.finish("a", failed)
        it.clock.move(1.9)
        await it.settle()
        assert it.state("a") == "queued"
        it.clock.move(0.2)
        await it.settle()
        await it.finish("a", succeeded)

        view = await it.supervisor.wait("a")
        assert (view.attempt, view.ok) == (3, True)
        assert [event.attempt for event in it.events if event.name == "started"] == [1, 2, 3]
        assert it.names("a").count("retrying") == 2
        assert it.names("a").count("ended") == 1


async def test_jitter_spreads_retries(stage, failed):
    """With a small random number the next attempt comes early."""
    async with stage(random=lambda: 0.0) as it:
        it.supervisor.submit(["a"], name="a", retries=1)
        await it.settle()
        await it.finish("a", failed)

        assert it.state("a") == "running"


async def test_the_last_outcome_counts(stage, failed):
    """When no retry is left, the task ends as its last attempt did."""
    async with stage(random=lambda: 0.0) as it:
        it.supervisor.submit(["a"], name="a", retries=1)
        await it.settle()
        await it.finish("a", failed)
        await it.finish("a", Outcome(kind=OutcomeKind.KILLED, signal=9))

        assert it.supervisor.get("a").outcome.signal == 9


async def test_a_time_out_is_tried_again(stage):
    """An attempt that was ended for its time-out goes back to the queue, from *stopping*."""
    async with stage(random=lambda: 0.0) as it:
        it.supervisor.submit(["a"], name="a", retries=1)
        await it.settle()
        it.launcher.of("a").stop_for_time_out()
        assert it.state("a") == "stopping"
        await asyncio.sleep(0.002)
        await it.settle()

        assert (it.state("a"), it.supervisor.get("a").attempt) == ("running", 2)


async def test_starts_that_cannot_work_are_not_repeated(stage):
    """A missing program is no reason to try again; a full process table is."""
    async with stage(random=lambda: 0.0) as it:
        it.launcher.script = lambda command: {
            "missing": ProgramNotFound("there is no program 'missing'"),
            "full": NoProcessesLeft("no processes left") if len(it.launcher.processes) < 1 else None,
        }.get(command.argv[0])
        it.supervisor.submit(["missing"], name="missing", retries=3)
        it.supervisor.submit(["full"], name="full", retries=1)
        await it.settle()

        missing, full = it.supervisor.get("missing"), it.supervisor.get("full")
        assert (missing.attempt, missing.outcome.kind, missing.outcome.code) == (1, "failed_to_start", None)
        assert missing.outcome.error_code == "program_not_found"
        assert it.names("missing") == ["submitted", "starting", "start_failed", "ended"]
        assert (full.attempt, full.outcome.error_code) == (2, "no_processes_left")


async def test_stopping_is_no_failure(stage):
    """What was stopped is not tried again, nor is what dies while it is being stopped."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a", retries=5)
        await it.settle()
        view = await it.supervisor.stop("a")

        assert (view.outcome.kind, view.attempt) == ("stopped", 1)


async def test_stopping_between_attempts(stage, failed):
    """A task that waits for its next attempt can be stopped, and says what the last one was."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a", retries=5)
        await it.settle()
        await it.finish("a", failed)
        timer = it.clock.timers[-1]
        view = await it.supervisor.stop("a")
        assert timer.is_cancelled
        it.clock.move(1000)
        await it.settle()

        assert (view.outcome.kind, it.state("a")) == ("stopped", "ended")
        assert not it.clock.timers
        assert "exited with code 1" in view.outcome.message
        assert len(it.launcher.processes) == 1


async def test_retrying_by_hand(stage, failed, succeeded):
    """An ended task can be tried again, with all its retries; one that is not over cannot."""
    async with stage(random=lambda: 0.0) as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        with pytest.raises(UsageError, match="running"):
            it.supervisor.retry("a")
        await it.finish("a", failed)
        view = it.supervisor.retry("a")
        assert (view.state, view.attempt, view.outcome) == ("queued", 2, None)

        await it.settle()
        await it.finish("a", succeeded)
        assert (await it.supervisor.wait("a")).ok


async def test_a_retry_keeps_its_turn(stage, failed):
    """A retry asks for admission like everybody, at the place of its age."""
    async with stage(hard_limit=1, random=lambda: 1.0) as it:
        for name in "abc":
            it.supervisor.submit([name], name=name, retries=1)
        await it.settle()
        await it.finish("a", failed)
        assert (it.state("a"), it.state("b")) == ("queued", "running")

        it.clock.move(2)
        await it.settle()
        assert it.supervisor.get("a").waiting == "waiting: 1 running, limit 1"
        await it.finish("b")
        assert (it.state("a"), it.state("c")) == ("running", "queued")


async def test_nothing_shortens_a_delay(stage, failed):
    """A task between two attempts is not started by what happens to those it once waited for."""
    async with stage(random=lambda: 1.0) as it:
        it.supervisor.submit(["a"], name="a")
        it.supervisor.submit(["b"], name="b", after=[Dependency("a", "started")], retries=1)
        await it.settle()
        await it.finish("b", failed)
        await it.finish("a")

        assert it.state("b") == "queued"
