"""Tasks that wait for others."""

from procession.errors import ProgramNotFound
from procession.model.task import Dependency, task


async def test_success_lets_the_next_start(stage):
    """A task waits for the success of another, says so, and starts when it has come."""
    async with stage() as it:
        it.supervisor.submit(["download"], name="download")
        next_ = it.supervisor.submit(["next"], after=["download"])
        await it.settle()
        assert it.supervisor.get(next_).waiting == "waiting for download to succeed"

        await it.finish("download")
        assert it.state(next_) == "running"
        assert it.supervisor.get(next_).waiting is None


async def test_an_impossible_condition_cancels(stage, failed):
    """A task whose condition can no longer be met ends cancelled, names the dependency, and so do those behind it."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        it.supervisor.submit(["b"], name="b", after=["a"])
        it.supervisor.submit(["c"], name="c", after=["b"])
        it.supervisor.submit(["d"], name="d", after=[Dependency("b", "ended")])
        await it.settle()
        await it.finish("a", failed)

        b, c = it.supervisor.get("b"), it.supervisor.get("c")
        assert (b.outcome.kind, c.outcome.kind) == ("cancelled", "cancelled")
        assert b.outcome.message == "needs a to succeed, but that failed (exited with code 1)"
        assert "needs b to succeed" in c.outcome.message
        assert (b.started_at, b.pid, b.outcome.code) == (None, None, None)
        assert it.state("d") == "running"


async def test_a_task_that_will_be_retried_is_not_over(stage, failed):
    """While retries are left, success is still possible; when none are, it is not."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a", retries=1)
        it.supervisor.submit(["b"], name="b", after=["a"])
        it.supervisor.submit(["c"], name="c", after=[Dependency("a", "ended")])
        await it.settle()
        await it.finish("a", failed)
        assert (it.state("a"), it.state("b"), it.state("c")) == ("queued", "queued", "queued")

        it.clock.move(60)
        await it.settle()
        await it.finish("a", failed)
        assert (it.state("b"), it.state("c")) == ("ended", "running")


async def test_started_means_running(stage, failed):
    """The condition *started* is met by any attempt, and stays met."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a", retries=5)
        it.supervisor.submit(["b"], name="b", after=[Dependency("a", "started")])
        await it.settle()
        assert it.state("b") == "running"

        await it.finish("a", failed)
        late = it.supervisor.submit(["late"], after=[Dependency("a", "started")])
        await it.settle()
        assert (it.state("a"), it.state(late)) == ("queued", "running")


async def test_what_never_started_cannot_have(stage):
    """When a start fails for good, who waits for it is cancelled."""
    async with stage() as it:
        it.launcher.script = lambda command: (
            ProgramNotFound("cannot start a: there is no program 'a'") if command.argv[0] == "a" else None
        )
        it.supervisor.submit(["a"], name="a")
        b = it.supervisor.submit(["b"], after=[Dependency("a", "started")])
        await it.settle()

        assert it.supervisor.get(b).outcome.kind == "cancelled"
        assert "failed to start" in it.supervisor.get(b).outcome.message


async def test_a_batch_may_wait_forwards(stage):
    """The order in which tasks are written does not matter."""
    async with stage() as it:
        it.supervisor.submit_all([task(["b"], name="b", after=["a"]), task(["a"], name="a")])
        await it.settle()
        assert (it.state("b"), it.state("a")) == ("queued", "running")

        await it.finish("a")
        assert it.state("b") == "running"


async def test_waiting_for_what_is_over(stage):
    """A task that waits for one that has long succeeded starts at once."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        await it.finish("a")
        b = it.supervisor.submit(["b"], after=["a"])
        await it.settle()

        assert it.state(b) == "running"


async def test_waiters_take_no_place(stage):
    """A task that waits for another does not count against the limit, nor does it block others."""
    async with stage(hard_limit=1) as it:
        it.supervisor.submit(["a"], name="a")
        it.supervisor.submit(["b"], name="b", after=["a"], priority=100)
        it.supervisor.submit(["c"], name="c")
        await it.settle()
        assert it.supervisor.get("c").waiting == "waiting: 1 running, limit 1"

        await it.finish("a")
        assert (it.state("b"), it.state("c")) == ("running", "queued")
