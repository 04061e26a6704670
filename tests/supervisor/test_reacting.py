"""What the settings of a task say about events is done, told, and cannot hang anybody."""

import asyncio
import json
import signal
import sys

from procession.model.command import Command
from procession.model.monitoring import Monitoring
from procession.model.monitoring_rules import MonitoringRules
from procession.model.reaction import Reaction
from procession.model.task import task
from procession.supervisor.supervisor import Supervisor


def on(event: str, do: str, after: float = 0.0, times: int | None = None) -> Reaction:
    """When this happens, do that."""
    return Reaction(event=event, do=do, after_s=after, times=times)


def watched(argv, *reactions: Reaction, **fields):
    """A task with reactions, and a stall after a minute."""
    return task(argv, monitoring=Monitoring(stall_after_s=60, on=reactions), **fields)


def reacted(it):
    """Give what was done, and the problems."""
    return [(event.to, event.do, event.problem) for event in it.events if event.name == "reacted"]


async def test_by_default_nothing_is_done(stage):
    """A stall is told, and that is all."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        await it.pass_time(5000)
        assert reacted(it) == []
        assert it.state("a") == "running"


async def test_it_escalates_while_it_lasts(stage):
    """Tell, then ask, then begin anew: each only if it still stands still."""
    async with stage() as it:
        rules = (on("stalled", "notify"), on("stalled", "signal:USR1", 60), on("stalled", "restart", 120))
        it.supervisor.submit(watched(["a"], *rules, name="a"))
        await it.settle()
        await it.pass_time(95)
        assert reacted(it) == [("stalled", "notify", None)]
        await it.pass_time(60)
        assert it.launcher.of("a").signals == [signal.SIGUSR1]
        await it.pass_time(60)
        assert [each[1] for each in reacted(it)] == ["notify", "signal:USR1", "restart"]
        view = it.supervisor.get("a")
        assert (view.state.value, view.attempt) == ("running", 2)


async def test_who_is_active_again_is_left_alone(stage):
    """What was to come is not true any more."""
    async with stage() as it:
        it.supervisor.submit(watched(["a"], on("stalled", "stop", 60), name="a"))
        await it.settle()
        await it.pass_time(95)
        it.launcher.of("a").print(b"a word\n")
        await it.settle()
        await it.pass_time(50)
        assert reacted(it) == []
        assert it.state("a") == "running"


async def test_at_most_so_many_times(stage):
    """Over all attempts: a task that stalls again and again is not begun anew for ever."""
    async with stage() as it:
        it.supervisor.submit(watched(["a"], on("stalled", "restart", times=2), name="a"))
        await it.settle()
        await it.pass_time(1000)
        for _ in range(10):
            await it.pass_time(100)
        assert len(reacted(it)) == 2
        assert it.supervisor.get("a").attempt == 3


async def test_stop_ends_the_task(stage):
    """And no retry follows."""
    async with stage() as it:
        it.supervisor.submit(watched(["a"], on("stalled", "stop"), name="a", retries=3))
        await it.settle()
        await it.pass_time(120)
        await it.settle()
        assert it.state("a") == "ended"
        assert it.supervisor.get("a").outcome.stopped_by == "reaction"


async def test_suspend_pauses_it(stage):
    """Until somebody resumes it."""
    async with stage() as it:
        it.supervisor.submit(watched(["a"], on("stalled", "suspend"), name="a"))
        await it.settle()
        await it.pass_time(120)
        await it.settle()
        assert it.state("a") == "suspended"


async def test_what_cannot_be_done_is_said(stage):
    """A message to a task without a channel reaches nobody."""
    async with stage() as it:
        it.supervisor.submit(watched(["a"], on("stalled", 'message:{"hurry": true}'), name="a"))
        await it.settle()
        await it.pass_time(120)
        ((_, _, problem),) = reacted(it)
        assert "has no channel" in problem


async def test_rules_of_group_and_all_hold_beside_its_own(stage):
    """All that anybody said is done."""
    rules = MonitoringRules(
        all=Monitoring(on=(on("started", "notify"),)), groups={"g": Monitoring(on=(on("started", "signal:USR2"),))}
    )
    async with stage(monitoring=rules) as it:
        it.supervisor.submit(watched(["a"], on("started", "signal:USR1"), name="a", group="g"))
        await it.settle()
        assert [each[1] for each in reacted(it)] == ["signal:USR1", "signal:USR2", "notify"]


async def test_a_hook_gets_the_event_as_json(tmp_path):
    """On its standard input; its own failure is told, and changes nothing."""
    copy = f'run:{sys.executable} -c \'import shutil, sys; shutil.copyfileobj(sys.stdin, open("told", "w"))\''
    settings = Monitoring(on=(on("ended", copy), on("ended", "run:false"), on("ended", "run:no-such-program x")))
    events = []
    async with Supervisor() as supervisor:
        supervisor.subscribe(events.append)
        supervisor.submit(task(Command(argv=("true",), cwd=str(tmp_path)), name="a", monitoring=settings))
        await supervisor.wait("a")
        async with asyncio.timeout(10):
            while len([event for event in events if event.name == "reacted"]) < 3:
                await asyncio.sleep(0.01)

    told = json.loads((tmp_path / "told").read_text())
    assert (told["event"], told["task"], told["outcome"]["kind"]) == ("ended", "a", "succeeded")
    problems = {event.do.partition(" ")[0]: event.problem for event in events if event.name == "reacted"}
    assert problems[copy.partition(" ")[0]] is None
    assert "code 1" in problems["run:false"]
    assert "no-such-program" in problems["run:no-such-program"]


async def test_a_hook_that_hangs_holds_up_nobody(monkeypatch):
    """Neither the task nor the end of the supervisor; it is gone with it."""
    monkeypatch.setattr("procession.supervisor.hooks._LAST_S", 0.1)
    settings = Monitoring(on=(on("started", "run:sleep 1000"),))
    loop = asyncio.get_running_loop()
    async with Supervisor() as supervisor:
        supervisor.submit(task(["true"], name="a", monitoring=settings))
        view = await supervisor.wait("a")
        assert view.ok
        begun = loop.time()
    assert loop.time() - begun < 8


async def test_too_many_hooks_are_refused(monkeypatch):
    """Those that wait are bounded."""
    monkeypatch.setattr("procession.supervisor.hooks.WAITING", 2)
    monkeypatch.setattr("procession.supervisor.hooks._LAST_S", 0.1)
    settings = Monitoring(on=tuple(on("started", f"run:sleep {n}") for n in (1000, 1001, 1002)))
    events = []
    async with Supervisor() as supervisor:
        supervisor.subscribe(events.append)
        supervisor.submit(task(["true"], name="a", monitoring=settings))
        await supervisor.wait("a")
    (problem,) = [event.problem for event in events if event.name == "reacted"]
    assert problem == "2 hooks run or wait already"
