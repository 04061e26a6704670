"""How tasks end, and what is told of it."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from procession.errors import AlreadyEnded, UnknownTask, UsageError
from procession.model.command import command, shell

QUICK = [sys.executable, "-I", "-S"]
KILL, TERM = int(signal.SIGKILL), int(signal.SIGTERM)


async def test_codes_and_signals(mode):
    """C030: codes are codes and signals are signals, 137 is not SIGKILL, and a signal of any number has a name."""
    codes = {code: await mode.submit(shell(f"exit {code}")) for code in (0, 1, 2, 126, 137, 255)}
    signals = {each: await mode.submit(shell(f"ulimit -c 0; kill -{each} $$")) for each in (1, 9, 11, 15, 40)}

    for code, id_ in codes.items():
        outcome = (await mode.wait(id_)).outcome
        assert (outcome.code, outcome.signal, outcome.ok) == (code, None, code == 0)
        assert outcome.kind == ("succeeded" if code == 0 else "failed")
    for number, id_ in signals.items():
        outcome = (await mode.wait(id_)).outcome
        assert (outcome.code, outcome.signal, outcome.kind) == (None, number, "killed")
        assert (outcome.core_dumped, outcome.stopped_by, bool(outcome.signal_name)) == (False, None, True)
    assert (await mode.get(signals[40])).outcome.signal_name == "SIGRTMIN+6"


async def test_a_storm_of_exits(mode, tmp_path):
    """C031: fifty tasks that exit at the same moment have one exit each, with their own code."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    opened = os.open(gate, os.O_RDWR)
    ids = [await mode.submit(shell(f"echo ready; read line < {gate}; exit {number}")) for number in range(50)]
    for id_ in ids:
        await mode.when_printed(id_)
    os.write(opened, b"\n" * 50)
    views = await asyncio.gather(*map(mode.wait, ids))
    os.close(opened)

    assert [view.outcome.code for view in views] == list(range(50))
    names = [fact.name for fact in await mode.facts(ids[25])]
    assert [names.count(name) for name in ("started", "exited", "closed", "ended")] == [1, 1, 1, 1]


async def test_waiting_is_repeatable(mode):
    """C032: of 20 who wait, half are cancelled: the others get one and the same record, early or late."""
    id_ = await mode.submit(shell("sleep 0.3; exit 4"))
    waiters = [asyncio.create_task(mode.wait(id_)) for _ in range(20)]
    await asyncio.sleep(0.1)
    for waiter in waiters[::2]:
        waiter.cancel()
    views = [await waiter for waiter in waiters[1::2]]
    await asyncio.gather(*waiters, return_exceptions=True)

    assert all(view == views[0] for view in [*views, await mode.wait(id_), await mode.get(id_)])
    assert views[0].outcome.code == 4


async def test_the_end_is_unknown_or_true(mode):
    """C035: where the parent is gone, or somebody else reaps, an end is its own or unknown, never code 0."""
    if mode.name == "daemon":
        pytest.skip("the daemon's keeper is shared; tests/crash kills it")
    id_ = await mode.submit(shell("sleep 0.3; exit 7"))
    view = await mode.when(id_, lambda view: view.pid is not None)
    if mode.name == "keeper":
        os.kill(mode.parent, KILL)
    else:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(view.pid, 0)
    outcome = (await mode.wait(id_)).outcome

    assert outcome.code in (7, None)
    assert outcome.kind in ("failed", "unknown", "lost", "killed")  # killed: nobody shall outlive its host unseen
    assert not outcome.ok


async def test_acts_after_the_end(mode):
    """C036: what has ended cannot be signalled, paused or continued, says so, and stays as it was."""
    view = await mode.run(shell("exit 7"))
    for act in (lambda: mode.signal(view.id, "TERM"), lambda: mode.suspend(view.id), lambda: mode.resume(view.id)):
        with pytest.raises(AlreadyEnded) as raised:
            await act()
        assert str(raised.value) == f"task {view.id} has already ended (failed)"
        assert (raised.value.pid, raised.value.task) == (view.pid, view.id)

    assert await mode.stop(view.id) == await mode.kill(view.id) == await mode.get(view.id) == view


async def test_acts_on_nobody(mode):
    """C036: a task that is not there is UnknownTask, with the same text everywhere."""
    for act in (mode.stop, mode.kill, mode.suspend, mode.resume, mode.get, mode.retry):
        with pytest.raises(UnknownTask) as raised:
            await act("nobody")
        assert (raised.value.task, str(raised.value)) == ("nobody", "no task is called 'nobody'")


async def test_retrying(mode):
    """C036: what has ended can be run again, as a further attempt; what runs cannot."""
    id_ = await mode.submit(shell("echo run; sleep 0.1; exit 3"))
    await mode.when(id_, lambda view: view.state == "running")
    with pytest.raises(UsageError) as raised:
        await mode.retry(id_)
    assert str(raised.value) == f"task {id_} cannot be retried: it is running"
    await mode.wait(id_)
    await mode.retry(id_)
    view = await mode.wait(id_)

    assert (view.attempt, view.outcome.code) == (2, 3)
    assert await mode.stdout(id_) == b"run\nrun\n"


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
async def test_the_first_thread_may_end_first(mode, tmp_path, children):
    """C037: a program whose first thread has ended is running, hears signals, and has its code in the end."""
    program = tmp_path / "program"
    subprocess.run(["cc", "-pthread", "-o", program, children / "ends_its_first_thread.c"], check=True)
    id_ = await mode.submit([program, "500"])
    view = await mode.when(id_, lambda view: view.pid is not None)
    await mode.when_printed(id_)
    assert (await mode.get(id_)).state == "running"
    await mode.signal(id_, 0)

    assert (await mode.wait(id_)).outcome.code == 5
    assert view.pid == (await mode.get(id_)).pid


async def test_stops_from_outside(mode):
    """C039: SIGSTOP from outside is a state, SIGCONT another, and neither is an end."""
    id_ = await mode.submit(["sleep", "60"])
    view = await mode.when(id_, lambda view: view.pid is not None)
    os.kill(view.pid, signal.SIGSTOP)
    await mode.when(id_, lambda view: view.state == "suspended")
    os.kill(view.pid, signal.SIGCONT)
    await mode.when(id_, lambda view: view.state == "running")
    await mode.kill(id_)

    told = [(fact.name, fact.values["by"]) for fact in await mode.facts(id_) if fact.name in ("suspended", "resumed")]
    assert told == [("suspended", "outside"), ("resumed", "outside")]


async def test_usage(mode, children):
    """C040: the processor time of the leader and of who it waited for is told, and says that it is that."""
    usage = (await mode.run([*QUICK, children / "burns_in_three_places.py", "0.2"])).outcome.usage

    assert usage.user_s + usage.system_s == pytest.approx(0.4, rel=0.3)
    assert usage.covers == "leader and waited-for descendants"


STORIES = {
    "at once": ("exit 0", []),
    "prints": ("echo out; echo err >&2; exit 1", []),
    "dies": ("kill -9 $$", []),
    "leaves a tree": ("sleep 30 >/dev/null 2>&1 & exit 0", []),
}


@pytest.mark.parametrize("story", STORIES)
async def test_the_order_of_events(mode, story):
    """C042: one and the same list of events, each once, in one order, with times that never go back."""
    view = await mode.run(shell(STORIES[story][0]))
    facts = await mode.facts(view.id)
    names = [fact.name for fact in facts]
    whole = [name for name in names if name not in ("signalled", "stopping")]
    times = [fact.at for fact in facts]

    assert whole[:4] == ["submitted", "starting", "started", "exited"]
    assert sorted(whole[4:6]) == ["closed", "tree_empty"]
    assert whole[6:] == ["ended"]
    assert times == sorted(times)
    exited = facts[names.index("exited")].values
    assert (exited["code"], exited["signal"]) == (view.outcome.code, view.outcome.signal)
    assert {fact.values["task"] for fact in facts} == {view.id}


async def test_times_of_a_view(mode):
    """C042: started and ended lie in order, between asking and being answered, and the duration is theirs."""
    before = time.time()
    view = await mode.run(command(["sleep", "0.3"]))

    assert before <= view.submitted_at <= view.started_at <= view.ended_at <= time.time()
    assert view.ended_at - view.started_at == pytest.approx(view.outcome.duration_s, abs=0.1)
    assert 0.28 < view.outcome.duration_s < 1.5
