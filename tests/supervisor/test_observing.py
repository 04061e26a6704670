"""What the supervisor sees of its tasks: life, progress, memory; told, and never acted upon. Hours in milliseconds."""

import math

import pytest

from procession.model.event import Notified
from procession.model.health import Liveness
from procession.model.monitoring import Monitoring
from procession.model.monitoring_rules import MonitoringRules
from procession.model.task import task

GIB = 1 << 30


def seen(it, name: str):
    """Give all events of this name."""
    return [event for event in it.events if event.name == name]


async def test_a_silent_idle_task_stalls_once_and_is_active_again(stage):
    """Told when it begins and when it ends, with how long; nothing is done to it."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        await it.pass_time(3600)

        (stalled,) = seen(it, "stalled")
        assert 300 <= stalled.silent_s <= 331
        assert stalled.evidence.startswith("silent 5 m")
        assert it.supervisor.get("a").health.liveness is Liveness.STALLED
        assert it.state("a") == "running"

        it.launcher.of("a").print(b"a word\n")
        await it.settle()
        await it.pass_time(2)
        (again,) = seen(it, "active_again")
        assert (again.was, it.supervisor.get("a").health.liveness) == ("stalled", Liveness.WORKING)
        assert 3200 < again.lasted_s < 3400


async def test_a_task_that_computes_in_silence_is_quiet(stage):
    """For ten hours, without an alarm."""
    async with stage() as it:
        it.sampler.cpus["a"] = 0.9
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        await it.pass_time(36_000)

        assert it.supervisor.get("a").health.liveness is Liveness.QUIET
        assert "0.90 CPUs" in it.supervisor.get("a").health.evidence
        assert seen(it, "stalled") == []


async def test_suspended_time_does_not_count(stage):
    """Of the task, by whomever."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        await it.pass_time(200)
        await it.supervisor.suspend("a")
        await it.pass_time(5000)
        assert it.supervisor.get("a").health is None
        await it.supervisor.resume("a")
        await it.pass_time(80)
        assert seen(it, "stalled") == []

        await it.pass_time(60)
        assert len(seen(it, "stalled")) == 1


async def test_time_in_which_we_were_held_up_does_not_count(stage):
    """A supervisor that was stopped, or a machine that slept, has seen nothing."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        for _ in range(5):
            await it.pass_time(50)
            it.clock.move(10_000)
        assert seen(it, "stalled") == []


async def test_settings_of_task_group_and_all(stage):
    """The narrower word counts; a task may be told never to stall."""
    rules = MonitoringRules(
        all=Monitoring(stall_after_s=60), groups={"slow": Monitoring(stall_after_s=1000, no_progress_after_s=5)}
    )
    async with stage(monitoring=rules) as it:
        it.supervisor.submit(["a"], name="a")
        it.supervisor.submit(["b"], name="b", group="slow")
        it.supervisor.submit(["c"], name="c", group="slow", monitoring=Monitoring(stall_after_s=math.inf))
        await it.settle()
        await it.pass_time(600)
        assert {event.task for event in seen(it, "stalled")} == {"a"}
        await it.pass_time(600)
        assert {event.task for event in seen(it, "stalled")} == {"a", "b"}


async def test_a_rhythm_of_long_pauses_is_learned_where_asked_for(stage):
    """A word every eight minutes: without learning an alarm each time, with it no more; and it says why."""
    async with stage() as it:
        settings = Monitoring(adaptive=True)
        it.supervisor.submit(task(["a"], name="a", monitoring=settings))
        it.supervisor.submit(["b"], name="b")
        await it.settle()
        for _ in range(40):
            for name in ("a", "b"):
                it.launcher.of(name).print(b".\n")
            await it.settle()
            await it.pass_time(480)
        learned, plain = ([event for event in seen(it, "stalled") if event.task == name] for name in ("a", "b"))
        assert len(plain) == 40
        assert len(learned) <= 21

        await it.pass_time(6000)
        assert "its own rhythm of" in it.supervisor.get("a").health.evidence


async def test_progress_from_output_reports_and_phases(stage):
    """What is printed is read; what it says itself comes first; success fills the bar."""
    async with stage() as it:
        it.supervisor.submit(["python", "x.py"], name="a")
        await it.settle()
        process = it.launcher.of("python")
        process.print("\rload:  21%|███▌    | 25/120 [00:00<00:02, 48.97rec/s]".encode(), "stderr")
        await it.settle()
        progress = it.supervisor.get("a").progress
        assert (progress.fraction, progress.source, progress.tool) == (0.21, "profile", "tqdm")

        process.tell(Notified(at=it.clock.time(), fields={"X_PROGRESS": "0.5", "X_PHASE": "loading"}))
        progress = it.supervisor.get("a").progress
        assert (progress.fraction, progress.source, progress.phase) == (0.5, "report", "loading")

        await it.finish("python")
        assert it.supervisor.get("a").progress.fraction == 1.0


async def test_a_failure_leaves_the_bar(stage, failed):
    """And the next attempt begins without one."""
    async with stage() as it:
        it.supervisor.submit(["x"], name="a", retries=1, retry_delay_s=10)
        await it.settle()
        it.launcher.of("x").print(b"step 20%\nstep 40%\n")
        await it.settle()
        await it.finish("x", failed)
        assert it.supervisor.get("a").progress is None

        await it.pass_time(11)
        it.launcher.of("x").print(b"step 20%\nstep 60%\n")
        await it.settle()
        await it.finish("x", failed)
        assert it.supervisor.get("a").progress.fraction == 0.6


async def test_progress_that_stands_still_is_told_once(stage):
    """Drawn again and again, but never further: it claims to work and does not."""
    async with stage() as it:
        it.supervisor.submit(["x"], name="a")
        await it.settle()
        process = it.launcher.of("x")
        process.print(b"step 20%\nstep 40%\n")
        for _ in range(900):
            process.print(b"step 40%\n")
            await it.pass_time(1)
        (stuck,) = seen(it, "no_progress")
        assert stuck.unmoved_s >= 600

        process.print(b"step 41%\n")
        await it.settle()
        await it.pass_time(31)
        assert [event.was for event in seen(it, "active_again")] == ["no_progress"]


async def test_the_same_lines_for_minutes_are_a_hint(stage):
    """A program that tries again for ever looks alive."""
    async with stage() as it:
        it.supervisor.submit(["x"], name="a")
        await it.settle()
        for number in range(700):
            it.launcher.of("x").print(b"cannot connect, attempt %d\n" % number)
            await it.pass_time(1)
        (looping,) = seen(it, "looping")
        assert looping.line == "cannot connect, attempt 0"
        assert it.supervisor.get("a").health.is_looping


async def test_memory_is_told_with_hysteresis_slope_and_forecast(stage):
    """High, critical, recovered; and how soon it will be critical."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        for step in range(28):
            it.sampler.memory_bytes["a"] = GIB + step * (GIB // 8)
            await it.pass_time(10)
        (high,) = seen(it, "memory_high")
        (critical,) = seen(it, "memory_critical")
        assert high.limit_bytes == 2 * GIB
        assert abs(high.slope_bytes_per_s - GIB / 80) < GIB / 800
        assert 100 < high.critical_in_s < 200
        assert critical.memory_bytes >= critical.limit_bytes == 4 * GIB

        it.sampler.memory_bytes["a"] = GIB
        await it.pass_time(20)
        (recovered,) = seen(it, "memory_recovered")
        assert recovered.lasted_s > 60
        assert it.supervisor.get("a").usage.memory_bytes == GIB
        assert it.state("a") == "running"


async def test_a_reader_that_breaks_disturbs_nobody(stage, monkeypatch, caplog):
    """Neither the task nor who listens to it; it is told once."""
    monkeypatch.setattr("procession.supervisor.words.OutputReader.feed", lambda *_: 1 / 0)
    heard = []
    async with stage() as it:
        it.supervisor.subscribe_output(lambda *given: heard.append(given))
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        for _ in range(3):
            it.launcher.of("a").print(b"x\n")
        await it.settle()
    assert heard == [("a", "stdout", b"x\n")] * 3
    assert len([record for record in caplog.records if "not read any further" in record.message]) == 1


async def test_nothing_runs_while_no_task_does(stage):
    """The timer ends with the last task; what was needed to look is given back at the end."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        await it.pass_time(5)
        await it.finish("a")
        await it.pass_time(2)
        assert [timer for timer in it.clock.timers if not timer.is_cancelled] == []
    assert it.sampler.is_closed


@pytest.mark.parametrize("chunk", [b"x" * (1 << 20)])
async def test_a_flood_through_a_pipe_is_sampled(stage, chunk):
    """It is a word like any other, and costs what its end costs."""
    async with stage() as it:
        it.supervisor.submit(["a"], name="a")
        await it.settle()
        for _ in range(50):
            it.launcher.of("a").print(chunk)
        it.launcher.of("a").print(b"\nstep 20%\nstep 40%\n")
        await it.settle()
        await it.settle()
        await it.settle()
        assert it.supervisor.get("a").progress.fraction == 0.4
        await it.pass_time(2)
        (sampled,) = seen(it, "output_sampled")
        assert sampled.skipped_bytes > 40_000_000
