"""How many run at once."""

import random

from procession.model.need import Need
from procession.policy.admission import FixedLimit, Hold, Start


async def test_never_above_the_limit(stage):
    """With 500 tasks no more than the limit ever live, every free place is filled, and all end."""
    async with stage(hard_limit=7) as it:
        for _ in range(500):
            it.supervisor.submit(["x"])
        shuffled = random.Random(7)
        most = 0
        await it.settle()
        while living := it.launcher.living:
            most = max(most, len(living))
            shuffled.choice(living).finish()
            await it.settle()
        views = await it.supervisor.wait_all()

        assert most == 7
        assert len(views) == len(it.launcher.processes) == 500
        assert all(view.ok for view in views)


async def test_priority_then_age(stage):
    """Among tasks submitted together the more important starts first, equals by age."""
    async with stage(hard_limit=1) as it:
        for name, priority in [("a", 0), ("b", 5), ("c", 5), ("d", -1)]:
            it.supervisor.submit([name], name=name, priority=priority)
        await it.settle()
        for name in "bcad":
            await it.finish(name)

        assert [each.command.argv[0] for each in it.launcher.processes] == ["b", "c", "a", "d"]


async def test_suspended_tasks_keep_their_place(stage):
    """A suspended task still lives, and counts."""
    async with stage(hard_limit=1) as it:
        it.supervisor.submit(["a"], name="a")
        it.supervisor.submit(["b"], name="b")
        await it.settle()
        await it.supervisor.suspend("a")
        await it.settle()

        assert (it.state("a"), it.state("b")) == ("suspended", "queued")


async def test_the_soft_limit_is_told_once(stage):
    """Passing the soft limit is one event, not one per task, and refuses nothing."""
    async with stage(soft_limit=2, hard_limit=4) as it:
        for _ in range(20):
            it.supervisor.submit(["x"])
        await it.settle()
        while it.launcher.living:
            await it.finish("x") if len(it.launcher.living) == 1 else it.launcher.living[0].finish()
            await it.settle()

        passed = [event for event in it.events if event.name == "soft_limit_passed"]
        assert [(event.running, event.limit, event.task) for event in passed] == [(3, 2, None)]


class BigOnesWait(FixedLimit):
    """Lets nobody with a need start while another lives: a policy that looks at the task."""

    def choose(self, queued, machine, now):  # noqa: ARG002 - part of the seam
        """Make the needy wait."""
        for each in queued:
            if not (each.need.memory_bytes and self._live):
                return Start(each.id)
        return Hold({each.id: "waiting for peace" for each in queued})


async def test_another_policy_takes_the_place_of_the_limit(stage):
    """A policy may look at the task; one that does not fit does not block those that do."""
    async with stage(admission=BigOnesWait()) as it:
        it.supervisor.submit(["small"], name="small")
        await it.settle()
        it.supervisor.submit(["big"], name="big", priority=9, need=Need(memory_bytes=1 << 30))
        it.supervisor.submit(["late"], name="late")
        await it.settle()
        assert it.supervisor.get("big").waiting == "waiting for peace"
        assert it.state("late") == "running"

        await it.finish("small")
        await it.finish("late")
        assert it.state("big") == "running"
