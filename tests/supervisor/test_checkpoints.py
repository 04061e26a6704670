"""Tasks that save their work: asked, by the clock, before they are stopped; and attempts that go on from there."""

import asyncio
import math
import os
import signal
import sys
from pathlib import Path

import pytest

from procession import Command, InvalidTask, OutcomeKind, Supervisor, UsageError
from procession.checkpoint.shelf import Shelf
from procession.model.checkpointing import Checkpointing
from procession.model.monitoring import Monitoring
from procession.model.reaction import Reaction
from procession.model.task import task

BY_SIGNAL = Checkpointing(signal="USR1", every_s=math.inf, deadline_s=20.0)

TRAINING = Path(__file__).parent.parent / "children" / "trains.py"
"""A loop of 120 steps that saves itself on USR1 and TERM, and goes on with ``--from FILE``."""


def training(directory, **fields):
    """A training run in a directory, which logs each step."""
    command = Command(argv=(sys.executable, str(TRAINING)), cwd=str(directory), grace_s=10.0)
    return task(
        command,
        checkpoint=fields.pop("checkpoint", BY_SIGNAL),
        resume_command=(sys.executable, str(TRAINING), "--from", "{checkpoint}"),
        **fields,
    )


async def reached(directory, step):
    """Wait until the training has come so far."""
    log = directory / "steps.log"
    while not log.exists() or f"\n{step}\n" not in log.read_text():
        await asyncio.sleep(0.01)


async def running(supervisor, name):
    """Wait until a process of it is there."""
    while supervisor.get(name).state.value != "running":
        await asyncio.sleep(0.01)


def steps(directory):
    """All steps, in the order in which they were done."""
    return [int(each) for each in (directory / "steps.log").read_text().split()]


async def test_a_task_is_asked_to_save_and_goes_on(tmp_path):
    """What it saved is remembered: with the progress, the place, and the command that goes on from there."""
    async with Supervisor(checkpoints=tmp_path) as supervisor:
        told = []
        supervisor.subscribe(lambda event: told.append(event.name))
        supervisor.submit(training(tmp_path, name="train"))
        await reached(tmp_path, 48)
        report = await supervisor.checkpoint("train")
        view = await supervisor.wait("train")
        kept = supervisor.checkpoints("train")

    assert report.answer == "saved", report
    assert view.outcome.ok
    assert steps(tmp_path) == list(range(121))
    assert kept == [report.checkpoint]
    saved = report.checkpoint
    assert (saved.number, saved.attempt, saved.by, saved.can_resume) == (1, 1, "user", True)
    assert saved.resume_command[-2:] == ("--from", saved.saved)
    assert 0.4 <= saved.progress.fraction < 1
    assert Shelf(str(tmp_path)).read("train") == kept
    assert "asked_to_save" in told
    assert "checkpointed" in told


async def test_a_stop_saves_first_and_resume_goes_on_from_there(tmp_path):
    """Stopped in the middle, it is over; resumed, it does each step that is left, and none twice."""
    async with Supervisor() as supervisor:
        supervisor.submit(training(tmp_path, name="train"))
        await reached(tmp_path, 48)
        stopped = await supervisor.stop("train")
        assert stopped.outcome.kind is OutcomeKind.STOPPED
        assert [each.by for each in supervisor.checkpoints("train")] == ["task", "stop"]  # asked to, and at TERM
        await supervisor.resume("train")
        view = await supervisor.wait("train")

    assert view.outcome.ok
    assert view.attempt == 2
    assert steps(tmp_path) == list(range(121))


async def test_a_retry_by_hand_begins_anew(tmp_path):
    """Also what has gone on before: `resume` is the word for going on."""
    async with Supervisor() as supervisor:
        supervisor.submit(training(tmp_path, name="train"))
        await reached(tmp_path, 48)
        await supervisor.stop("train")
        await supervisor.resume("train")
        await supervisor.wait("train")
        (tmp_path / "steps.log").unlink()
        supervisor.retry("train")
        await supervisor.wait("train")

    assert steps(tmp_path) == list(range(121))


async def test_a_suspended_task_is_not_asked_before_it_is_stopped(tmp_path):
    """It would not hear it, and nobody would wait for its answer; its handler for TERM may still save."""
    async with Supervisor() as supervisor:
        supervisor.submit(training(tmp_path, name="train"))
        await reached(tmp_path, 48)
        await supervisor.suspend("train")
        assert (await supervisor.checkpoint("train")).answer == "refused"
        await supervisor.stop("train")

    assert [each.by for each in supervisor.checkpoints("train")] == ["task"]


async def test_released_it_keeps_no_process_and_goes_on_later(tmp_path):
    """`suspend` with `release` saves, ends the process and keeps the task, until somebody wants it to go on."""
    async with Supervisor() as supervisor:
        supervisor.submit(training(tmp_path, name="train"))
        await reached(tmp_path, 48)
        view = await supervisor.suspend("train", release=True)
        assert (view.state.value, view.pid) == ("queued", None)
        assert "released: it goes on from checkpoint 2" in view.waiting  # saved when asked to, and again at TERM
        await asyncio.sleep(0.1)
        assert supervisor.get("train").state.value == "queued"
        await supervisor.resume("train")
        view = await supervisor.wait("train")

    assert view.outcome.ok
    assert steps(tmp_path) == list(range(121))


async def test_a_retry_goes_on_where_the_last_attempt_was(tmp_path):
    """Killed after it had saved, it does anew what it did since then, and nothing else."""
    async with Supervisor() as supervisor:
        supervisor.submit(training(tmp_path, name="train", retries=1, retry_delay_s=0.0))
        await reached(tmp_path, 48)
        await supervisor.checkpoint("train")
        await supervisor.signal("train", signal.SIGKILL)
        view = await supervisor.wait("train")

    assert view.outcome.ok
    assert view.attempt == 2
    assert steps(tmp_path) == list(range(121))


async def test_whoever_has_to_make_room_goes_on_where_it_was(tmp_path):
    """Evicted after it had saved, it is queued again with no retry spent, and goes on from there."""
    async with Supervisor() as supervisor:
        supervisor.submit(training(tmp_path, name="train"))
        await reached(tmp_path, 48)
        await supervisor.checkpoint("train")
        supervisor._conductor.registry.get("train").is_evicted = True
        await supervisor.signal("train", signal.SIGKILL)
        view = await supervisor.wait("train")

    assert (view.outcome.ok, view.attempt) == (True, 2)
    assert steps(tmp_path) == list(range(121))


async def test_a_reaction_makes_it_save(tmp_path):
    """What its settings say about an event may be that it shall save, however it is asked."""
    async with Supervisor() as supervisor:
        on = (Reaction(event="memory_high", do="checkpoint"),)
        command = Command(argv=(sys.executable, str(TRAINING)), cwd=str(tmp_path), env={"STEP_S": "0.1"}, grace_s=10.0)
        monitoring = Monitoring(memory_high=1, on=on)
        supervisor.submit(task(command, name="train", checkpoint=BY_SIGNAL, monitoring=monitoring))
        while not supervisor.checkpoints("train"):
            await asyncio.sleep(0.01)
        assert supervisor.checkpoints("train")[0].by == "reaction"


async def test_too_much_memory_makes_it_save(tmp_path):
    """At its critical mark a task that can is asked, before anybody ends it."""
    async with Supervisor() as supervisor:
        fields = {"monitoring": Monitoring(memory_high=1, memory_critical=2)}
        command = Command(argv=(sys.executable, str(TRAINING)), cwd=str(tmp_path), env={"STEP_S": "0.1"}, grace_s=10.0)
        supervisor.submit(task(command, name="train", checkpoint=BY_SIGNAL, **fields))
        while not supervisor.checkpoints("train"):
            await asyncio.sleep(0.01)
        assert supervisor.checkpoints("train")[0].by == "memory"


async def test_a_program_without_a_handler_is_not_asked(tmp_path):
    """It would die of the signal: the refusal says so, and it lives on, however often its time comes."""
    async with Supervisor() as supervisor:
        often = Checkpointing(signal="USR1", every_s=0.05)
        supervisor.submit(["sleep", "1000"], name="deaf", checkpoint=often)
        missed = asyncio.Event()
        supervisor.subscribe(lambda event: missed.set() if event.name == "checkpoint_missed" else None)
        report = await supervisor.checkpoint("deaf")
        for _ in range(3):
            missed.clear()
            await missed.wait()
        assert supervisor.get("deaf").state.value == "running"
        await supervisor.kill("deaf")

    assert report.answer == "refused"
    assert "has no handler for SIGUSR1" in report.reason


@pytest.mark.parametrize("has_groups", [True, False])
async def test_one_that_execs_in_that_moment_lives(tmp_path, children, monkeypatch, has_groups):
    """A handler is gone with an exec: whoever is asked is held while we look, and hears it, or is not sent it."""
    if not has_groups:
        monkeypatch.setattr("procession.process.tree.find_base", lambda: None)
    argv = (sys.executable, "-I", "-S", str(children / "execs_between_two.py"))
    often = Checkpointing(signal="USR1", every_s=0.05, deadline_s=0.01, before_stop=False)
    async with Supervisor() as supervisor:
        told = []
        supervisor.subscribe(lambda event: told.append(event.name))
        supervisor.submit(Command(argv=argv, cwd=str(tmp_path)), name="execs", checkpoint=often)
        async with asyncio.timeout(30):
            while told.count("signalled") < 10 or told.count("asked_to_save") < 60:
                await asyncio.sleep(0.05)
        state = supervisor.get("execs").state.value
        await supervisor.kill_all()

    assert state == "running"
    assert (tmp_path / "heard").stat().st_size > 0
    assert not {"suspended", "resumed"} & set(told)


async def test_who_does_not_answer(tmp_path):
    """A program that hears the signal and says nothing: no answer, after its deadline, and it lives on."""
    script = "trap : USR1; touch ready; while :; do sleep 0.05; done"
    async with Supervisor() as supervisor:
        mute = Checkpointing(signal="USR1", every_s=math.inf, deadline_s=0.2, before_stop=False)
        supervisor.submit(Command(argv=("sh", "-c", script), cwd=str(tmp_path)), name="mute", checkpoint=mute)
        while not (tmp_path / "ready").exists():
            await asyncio.sleep(0.01)
        report = await supervisor.checkpoint("mute")
        state = supervisor.get("mute").state.value

    assert report.answer == "no_answer"
    assert state == "running"


async def test_what_it_says_of_a_checkpoint_is_kept_with_it(tmp_path, caplog):
    """As texts, in the record and in the file; what cannot be read is left out, and the checkpoint kept."""
    script = (
        "import time; from procession import child; child.checkpoint_saved('a', loss=0.25, path='ä');"
        "child.notify(X_CHECKPOINT='/b', X_CHECKPOINT_METADATA='{'); time.sleep(1000)"
    )
    async with Supervisor(checkpoints=tmp_path) as supervisor:
        supervisor.submit(Command(argv=(sys.executable, "-c", script), cwd=str(tmp_path)), name="own")
        while len(supervisor.checkpoints("own")) < 2:
            await asyncio.sleep(0.01)

    assert [each.metadata for each in Shelf(str(tmp_path)).read("own")] == [{}, {"loss": "0.25", "path": "ä"}]
    assert "left out" in caplog.text


async def test_what_is_said_of_one_checkpoint_is_said_of_no_other(tmp_path):
    """Saved in a burst, of which only some are told: whoever says nothing of his has nothing said of it."""
    script = (
        "import time; from procession import child;"
        "[child.checkpoint_saved(str(n), **({} if n % 2 else {'of': n})) for n in range(50)]; time.sleep(1000)"
    )
    async with Supervisor() as supervisor:
        command = Command(argv=(sys.executable, "-c", script), cwd=str(tmp_path), channel=True)
        supervisor.submit(task(command, name="own", checkpoint=Checkpointing(message=True, keep=50, before_stop=False)))
        while not supervisor.checkpoints("own") or supervisor.checkpoints("own")[0].saved != str(tmp_path / "49"):
            await asyncio.sleep(0.01)
        kept = [(int(Path(each.saved).name), each.metadata) for each in supervisor.checkpoints("own")]

    assert len(kept) < 50
    assert kept == [(number, {} if number % 2 else {"of": str(number)}) for number, _ in kept]


async def test_as_many_are_kept_as_it_says(tmp_path):
    """Of all that it saves, the newest."""
    script = "import time; from procession import child; [child.checkpoint_saved(n) for n in 'abcd']; time.sleep(1000)"
    async with Supervisor(checkpoints=tmp_path) as supervisor:
        command = Command(argv=(sys.executable, "-c", script), channel=True)
        supervisor.submit(task(command, name="own", checkpoint=Checkpointing(message=True, keep=2, before_stop=False)))
        while [each.number for each in supervisor.checkpoints("own")] != [4, 3]:
            await asyncio.sleep(0.01)

    assert [each.number for each in Shelf(str(tmp_path)).read("own")] == [4, 3]


async def test_it_is_asked_by_the_clock_and_says_by_itself(tmp_path):
    """Every so often somebody asks; what it saves without being asked is remembered just so."""
    script = "import time; from procession import child; child.checkpoint_saved('a.ckpt'); time.sleep(1000)"
    async with Supervisor() as supervisor:
        supervisor.submit(Command(argv=(sys.executable, "-c", script), cwd=str(tmp_path)), name="own")
        while not supervisor.checkpoints("own"):
            await asyncio.sleep(0.01)
        own = supervisor.checkpoints("own")[0]
        timed = training(tmp_path, name="timed", checkpoint=Checkpointing(signal="USR1", every_s=0.3))
        await supervisor.wait(supervisor.submit(timed))
        by = {each.by for each in supervisor.checkpoints("timed")}

    assert (own.by, own.saved, own.can_resume) == ("task", str(tmp_path / "a.ckpt"), False)
    assert "timer" in by


async def test_a_command_saves_it(tmp_path):
    """Whoever is saved by a command of its own: exit code 0 is the answer, anything else a refusal."""
    async with Supervisor() as supervisor:
        for name, program in (("well", "true"), ("badly", "false")):
            how = Checkpointing(command=(program, "{pid}"), every_s=math.inf)
            supervisor.submit(["sleep", "1000"], name=name, checkpoint=how)
            await running(supervisor, name)
        reports = [await supervisor.checkpoint(name) for name in ("well", "badly")]

    assert [each.answer for each in reports] == ["saved", "refused"]
    assert "exited with code 1" in reports[1].reason


@pytest.mark.parametrize(
    ("without", "kind", "attempts"),
    [("retry", OutcomeKind.SUCCEEDED, 2), ("fail", OutcomeKind.FAILED, 1)],
)
async def test_without_a_checkpoint_it_does_what_it_says(tmp_path, without, kind, attempts):
    """A further attempt that has nothing to go on from begins anew, or is given up; the outcome says which."""
    script = 'test "$PROCESSION_ATTEMPT" = 2'
    async with Supervisor() as supervisor:
        id_ = supervisor.submit(
            ["sh", "-c", script],
            retries=1,
            retry_delay_s=0.0,
            resume_command=("sh", "-c", "exit 9"),
            without_checkpoint=without,
        )
        view = await supervisor.wait(id_)

    assert (view.outcome.kind, view.attempt) == (kind, attempts)
    assert without == "retry" or "cannot go on: nothing was saved yet" in view.outcome.message


async def test_without_a_checkpoint_it_may_wait_to_be_asked():
    """It rests until somebody says that it shall begin anew."""
    async with Supervisor() as supervisor:
        id_ = supervisor.submit(
            ["sh", "-c", 'test "$PROCESSION_ATTEMPT" = 2'],
            retries=1,
            retry_delay_s=0.0,
            resume_command=("sh", "-c", "exit 9"),
            without_checkpoint="ask",
        )
        while supervisor.get(id_).attempt < 2:
            await asyncio.sleep(0.01)
        assert "begins it anew" in supervisor.get(id_).waiting
        await supervisor.resume(id_)
        assert (await supervisor.wait(id_)).outcome.ok


async def test_what_could_not_go_on_is_not_released(tmp_path):
    """Nothing is lost: it runs on, and the refusal says why."""
    async with Supervisor() as supervisor:
        supervisor.submit(["sleep", "1000"], name="plain")
        await running(supervisor, "plain")
        with pytest.raises(UsageError, match="could not go on: nothing was saved yet"):
            await supervisor.suspend("plain", release=True)
        assert supervisor.get("plain").state.value == "running"
        assert os.path.exists(f"/proc/{supervisor.get('plain').pid}")
        await supervisor.kill("plain")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"resume_command": ("go", "{sesion}")}, "unknown placeholder {sesion}"),
        ({"resume_command": ("go", "{")}, "bad placeholder"),
        ({"resume_command": ()}, "list of arguments"),
        ({"without_checkpoint": "never"}, "cannot be 'never'"),
        ({"checkpoint": Checkpointing(message=True)}, "there is no channel"),
    ],
)
def test_what_cannot_be_is_refused(fields, problem):
    """Before anything is started, with the name of the field."""
    with pytest.raises(InvalidTask, match=problem):
        task(["true"], **fields)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, "exactly one way"),
        ({"signal": "USR1", "message": True}, "exactly one way"),
        ({"signal": "KILL"}, "means something else"),
        ({"signal": "FOO"}, "FOO"),
        ({"signal": "USR1", "every_s": 0}, "above 0"),
        ({"command": ()}, "list of arguments"),
        ({"signal": "USR1", "keep": 0}, "keep must be a whole number from 1"),
        ({"signal": "USR1", "keep": True}, "keep must be a whole number from 1"),
        ({"signal": "USR1", "keep": 1001}, "keep must be a whole number from 1 to 1000, got 1001"),
    ],
)
def test_ways_of_asking_that_cannot_be(fields, problem):
    """Of the ways there are, exactly one, and none that would end it."""
    with pytest.raises(InvalidTask, match=problem):
        Checkpointing(**fields)
