"""Who is let in, in which order, and what the others are told."""
# ruff: noqa: A002, ARG002, D102 - the names are those of the seam

from collections.abc import Mapping

import pytest

from procession.errors import InvalidTask, NoRoom, UsageError
from procession.model.event import Notified
from procession.model.machine import Machine
from procession.model.need import Need
from procession.model.pool import PoolSettings
from procession.model.task import task
from procession.policy.admission import Act, FixedLimit, Hold, Queued, Start, Use

GB = 1 << 30


async def test_groups_take_turns(stage):
    """A group with a thousand tasks does not keep another one from having its share."""
    async with stage(hard_limit=4) as it:
        for _ in range(20):
            it.supervisor.submit(["many"], group="many")
        for _ in range(4):
            it.supervisor.submit(["few"], group="few")
        await it.settle()
        assert sorted(each.command.argv[0] for each in it.launcher.living) == ["few", "few", "many", "many"]


async def test_priority_comes_before_fairness(stage):
    """The more important goes first, whatever its group has running."""
    async with stage(hard_limit=2) as it:
        it.supervisor.submit(["a"], group="g", priority=1)
        it.supervisor.submit(["b"], group="g", priority=1)
        it.supervisor.submit(["c"], group="other")
        await it.settle()
        assert sorted(each.command.argv[0] for each in it.launcher.living) == ["a", "b"]


async def test_tokens_are_given_by_number(stage):
    """A task is told which ones it has; who lacks one waits, and says so; when it ends they are free."""
    async with stage(pool=PoolSettings(tokens={"ansys": 3, "gpu": 2})) as it:
        it.supervisor.submit(["a"], name="a", need=Need(tokens={"ansys": 2}, gpus=1))
        it.supervisor.submit(["b"], name="b", need=Need(tokens={"ansys": 2}))
        it.supervisor.submit(["c"], name="c", need=Need(tokens={"ansys": 1}))
        await it.settle()
        assert it.launcher.of("a").command.env["PROCESSION_SLOTS_ANSYS"] == "0,1"
        assert it.launcher.of("a").command.env["CUDA_VISIBLE_DEVICES"] == "0"
        assert it.supervisor.get("b").waiting == "waiting: needs 2 of ansys, 1 of 3 free"
        assert it.supervisor.get("c").waiting == "waiting: needs ansys, for which another one waits already"
        assert it.supervisor.why("a").slots == {"ansys": (0, 1), "gpu": (0,)}

        await it.finish("a")
        assert [it.state(each) for each in "bc"] == ["running", "running"]
        assert it.launcher.of("c").command.env["PROCESSION_SLOTS_ANSYS"] == "2"


@pytest.mark.parametrize("need", [Need(tokens={"ansys": 4}), Need(tokens={"nothing": 1}), Need(gpus=1)])
async def test_what_could_never_start_is_refused(stage, need):
    """More than there are, or what nobody has, is refused with its name, at once, and when a task is edited."""
    async with stage(pool=PoolSettings(tokens={"ansys": 3}), hard_limit=1) as it:
        with pytest.raises(InvalidTask, match=r"need.tokens"):
            it.supervisor.submit(["a"], need=need)
        assert it.supervisor.list() == []
        it.supervisor.submit(["a"])
        waiting = it.supervisor.submit(["b"])
        with pytest.raises(InvalidTask, match=r"need.tokens"):
            it.supervisor.edit(waiting, need=need)


async def test_now_or_not_at_all(stage):
    """Without room nothing is taken, and the refusal says why; with room it runs."""
    async with stage(hard_limit=1) as it:
        assert it.state(it.supervisor.submit_all([_task("a")], now=True)[0]) == "starting"
        with pytest.raises(NoRoom, match="1 running, limit 1") as refusal:
            it.supervisor.submit_all([_task("b")], now=True)
        assert refusal.value.reason == "1 running, limit 1"
        assert len(it.supervisor.list()) == 1
        with pytest.raises(UsageError, match="only one task"):
            it.supervisor.submit_all([_task("b"), _task("c")], now=True)


async def test_why(stage):
    """Who waits has a reason and a place; who runs was let in for a reason; who is over says how it ended."""
    async with stage(hard_limit=1) as it:
        it.supervisor.submit(["a"], name="a")
        it.supervisor.submit(["b"], name="b")
        it.supervisor.submit(["c"], name="c", priority=1)
        it.supervisor.submit(["d"], name="d", after="a")
        await it.settle()
        assert it.supervisor.why("c").reason == "0 of at most 1 run"
        assert [it.supervisor.why(each).position for each in "abcd"] == [1, 2, None, None]
        assert it.supervisor.why("b").reason == "waiting: 1 running, limit 1"
        assert "a" in it.supervisor.why("d").reason
        assert it.supervisor.why("b").key == "b"
        await it.finish("c")
        assert it.supervisor.why("c").reason == "it is over: exited with code 0"


class Obedient(FixedLimit):
    """Admits everybody, and does what a test says when it looks."""

    needs_looks = True

    def __init__(self):
        super().__init__(hard_limit=50)
        self.acts: list[Act] = []
        self.heard: list[tuple[object, ...]] = []
        self.is_full = False
        self.look_again_after_s = 0.5
        self.seen: list[Mapping[str, Use]] = []

    def look(self, uses, now):
        self.seen.append(uses)

    def choose(self, queued, machine, now):
        """Let in, unless full."""
        if self.is_full:
            return Hold({queued[0].id: "waiting: full"})
        return super().choose(queued, machine, now)

    def suspended(self, id, now, *, held):
        self.heard.append(("suspended", id, held))

    def resumed(self, id, now):
        self.heard.append(("resumed", id))

    def end(self, id, now, *, cut_short):
        self.heard.append(("end", id, cut_short))
        super().end(id, now, cut_short=cut_short)

    def guard(self, machine, now):
        acts, self.acts = self.acts, []
        return acts

    def look_again_s(self, machine, now):
        return self.look_again_after_s


async def test_it_is_suspended_and_resumed_for_a_reason(stage):
    """Both are told; while it is held, everybody can see why."""
    policy = Obedient()
    async with stage(admission=policy) as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        policy.acts = [Act("warn", None, "12 MB left"), Act("suspend", "a", "suspended: 12 MB left")]
        await it.pass_time(1)
        await it.settle()
        assert it.state("a") == "suspended"
        assert it.supervisor.why("a").reason == "suspended: 12 MB left"
        assert [event.reason for event in it.events if event.name == "memory_tight"] == ["12 MB left"]

        policy.acts = [Act("resume", "a", "there is room")]
        await it.pass_time(1)
        await it.settle()
        assert it.state("a") == "running"
        assert it.supervisor.get("a").waiting is None
        assert policy.heard == [("suspended", "a", True), ("resumed", "a")]


async def test_an_evicted_task_begins_anew_and_spends_no_retry(stage):
    """It keeps its place, its outcome says *evicted*, and what it used counts as cut short."""
    policy = Obedient()
    async with stage(admission=policy) as it:
        it.supervisor.submit(["a"], name="a", retries=0)
        await it.settle()
        policy.acts = [Act("evict", "a", "evicted: nothing left")]
        await it.pass_time(1)
        await it.settle()
        assert it.supervisor.get("a").attempt == 2
        assert it.state("a") == "running"
        retried = [event for event in it.events if event.name == "retrying"]
        assert [event.outcome.kind.value for event in retried] == ["evicted"]
        assert policy.heard == [("end", "a", True)]
        await it.finish("a")
        assert it.supervisor.get("a").ok


async def test_who_is_stopped_while_it_is_evicted_stays_stopped(stage):
    """A wish of a person counts more than our own."""
    policy = Obedient()
    async with stage(admission=policy) as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        policy.acts = [Act("evict", "a", "evicted: nothing left")]
        it.clock.move(1.0)
        view = await it.supervisor.stop("a")
        assert view.outcome.kind.value == "stopped"


async def test_resuming_asks_for_room(stage):
    """Without room it stays suspended, and goes on when the policy says so."""
    policy = Obedient()
    async with stage(admission=policy) as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        await it.supervisor.suspend("a")
        assert policy.heard[-1] == ("suspended", "a", False)
        view = await it.supervisor.resume("a")
        assert (view.state, view.waiting) == ("suspended", "suspended until there is room")
        assert policy.heard[-1] == ("suspended", "a", True)
        policy.acts = [Act("resume", "a", "there is room")]
        view = await it.supervisor.resume("a")
        assert view.state == "running"


async def test_a_person_who_suspends_what_we_hold_keeps_it_suspended(stage):
    """From then on only a person's word lets it go on."""
    policy = Obedient()
    async with stage(admission=policy) as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        policy.acts = [Act("suspend", "a", "suspended: 12 MB left")]
        await it.pass_time(1)
        await it.supervisor.suspend("a")
        assert policy.heard[-1] == ("suspended", "a", False)


async def test_reasons_are_told_now_and_then_and_shown_at_once(stage):
    """Their figures change with every look; that does not make an event each time."""
    policy = Obedient()
    async with stage(admission=policy) as it:
        policy.is_full = True
        it.supervisor.submit(["a"], name="a")
        await it.pass_time(9)
        assert it.names("a").count("waiting") == 1


async def test_a_place_is_filled_when_a_look_shows_room(stage):
    """Nothing has to end for that."""
    policy = Obedient()
    async with stage(admission=policy) as it:
        policy.is_full = True
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        assert it.state("a") == "queued"
        policy.is_full = False
        await it.pass_time(1)
        assert it.state("a") == "running"


async def test_everybody_who_ends_gives_its_place_back(stage):
    """However it ends."""
    async with stage(hard_limit=1, pool=PoolSettings(hard_limit=1, tokens={"x": 1})) as it:
        for name in "abc":
            it.supervisor.submit([name], name=name, need=Need(tokens={"x": 1}))
        await it.settle()
        await it.supervisor.kill("a")
        await it.settle()
        await it.finish("b")
        assert it.state("c") == "running"


def _task(name):
    return task([name], name=name)


def test_a_start_has_a_reason():
    """The simplest policy gives one, too."""
    policy = FixedLimit(hard_limit=2)
    machine = Machine(at=0.0, memory_total_bytes=GB, memory_available_bytes=GB, cpus=1.0)
    assert policy.choose([Queued("a", "a")], machine, 0.0) == Start("a", "0 of at most 2 run")


async def test_a_storm_of_retries_comes_back_slowly(stage, failed):
    """A hundred that fail together do not start together again; one that fails alone is not held up."""
    async with stage(hard_limit=200) as it:
        for _ in range(100):
            it.supervisor.submit(["many"], retries=1, retry_delay_s=0.0)
        it.supervisor.submit(["one"], name="one", retries=1, retry_delay_s=0.0)
        await it.settle()
        for process in tuple(it.launcher.living):
            process.finish(failed)
        await it.settle()
        assert it.supervisor.get("one").attempt == 2
        assert it.state("one") == "running"
        again = sum(each.command.argv[0] == "many" for each in it.launcher.living)
        assert again <= 10
        delays = sorted(event.delay_s for event in it.events if event.name == "retrying")
        assert delays[-1] > 60


class Counted:
    """A machine that is read so often."""

    def __init__(self):
        self.readings = 0

    def read(self, now_s):
        """Count."""
        self.readings += 1
        return Machine(at=now_s, memory_total_bytes=GB, memory_available_bytes=GB, cpus=2.0)

    def watch_pressure(self, callback):
        """Remember who wants to be told."""
        self.tell = callback
        return True

    def close(self):
        """Nothing is held."""


async def test_what_an_end_gave_back_is_seen_at_once(stage):
    """In one moment the machine is read once, but anew after an end: a free place is filled then."""
    policy, machine = Obedient(), Counted()
    async with stage(admission=policy, machine=machine) as it:
        for name in "abc":
            it.supervisor.submit([name], name=name)
        await it.settle()
        assert machine.readings == 1
        policy.is_full = True
        it.supervisor.submit(["d"], name="d")
        await it.settle()
        policy.is_full = False
        await it.finish("a")
        assert machine.readings == 2
        assert it.state("d") == "running"


async def test_the_kernel_makes_us_look(stage):
    """When it says that somebody waits for memory, nobody waits for the next look."""
    policy, machine = Obedient(), Counted()
    async with stage(admission=policy, machine=machine) as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        policy.acts = [Act("suspend", "a", "suspended: pressure")]
        machine.tell()
        await it.settle()
        assert it.state("a") == "suspended"


async def test_a_look_that_is_due_sooner_is_made_sooner(stage):
    """Who begins may grow at once: the look that was planned when all was still does not count any more."""
    policy = Obedient()
    async with stage(admission=policy) as it:
        policy.look_again_after_s = 8.0
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        policy.look_again_after_s = 0.5
        it.supervisor.submit(["b"], name="b")
        await it.settle()
        policy.acts = [Act("suspend", "b", "suspended: it grows")]
        it.clock.move(0.6)
        await it.settle()
        assert it.state("b") == "suspended"


async def test_how_far_a_task_is_is_known_at_every_look(stage):
    """At the observer's own looks, too: whoever is near its end is spared then as well."""
    policy = Obedient()
    policy.look_again_after_s = 20.0
    async with stage(admission=policy) as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        it.launcher.of("a").tell(Notified(at=it.clock.time(), fields={"X_PROGRESS": "0.5"}))
        await it.pass_time(12)

        assert policy.seen
        assert {uses["a"].fraction for uses in policy.seen} == {0.5}
