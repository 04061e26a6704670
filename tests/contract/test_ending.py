"""Being stopped: politely, by force, twice, paused, all at once; and what signals are."""

import asyncio
import math
import os
import signal
import sys
import time

import pytest

from procession.errors import InvalidSignal
from procession.model.command import StopStep, command, shell

QUICK = [sys.executable, "-I", "-S"]
KILL, TERM, INT = int(signal.SIGKILL), int(signal.SIGTERM), int(signal.SIGINT)


def stubborn(children):
    """Ignores SIGTERM."""
    return command([*QUICK, children / "ignores_sigterm.py"])


async def signals_to(mode, id_):
    """The signals that were sent, with their times."""
    return [(fact.values["signal"], fact.at) for fact in await mode.facts(id_) if fact.name == "signalled"]


@pytest.mark.parametrize("code", [0, 7])
async def test_a_polite_end(mode, children, code):
    """C055: one that handles SIGTERM keeps its code; it was stopped by us, and nothing was forced."""
    id_ = await mode.submit([*QUICK, children / "ends_politely.py", str(code)])
    await mode.when_printed(id_)
    outcome = (await mode.stop(id_)).outcome

    assert (outcome.kind, outcome.code, outcome.signal) == ("stopped", code, None)
    assert (outcome.stopped_by, outcome.forced) == ("user", False)
    assert [number for number, _ in await signals_to(mode, id_)] == [TERM]


@pytest.mark.parametrize("grace_s", [0.6, 0.0])
async def test_a_forced_end(mode, children, grace_s):
    """C056: SIGKILL comes when the grace is over, at once without any, and that is told."""
    id_ = await mode.submit(stubborn(children))
    await mode.when_printed(id_)
    began = time.monotonic()
    outcome = (await mode.stop(id_, grace_s=grace_s)).outcome

    assert grace_s <= time.monotonic() - began < grace_s + 1.5
    assert (outcome.kind, outcome.signal, outcome.forced) == ("stopped", KILL, True)
    assert outcome.stopped_by == "user"


async def test_never_by_force(mode, children):
    """C056: with a grace without end nobody insists, until somebody does."""
    id_ = await mode.submit(stubborn(children).replace(grace_s=0.2))
    await mode.when_printed(id_)
    stopping = asyncio.create_task(mode.stop(id_, grace_s=math.inf))
    await mode.when(id_, lambda view: view.state == "stopping")
    await asyncio.sleep(0.5)
    assert [number for number, _ in await signals_to(mode, id_)] == [TERM]
    assert (await mode.get(id_)).state == "stopping"
    view = await mode.kill(id_)

    assert (view.outcome.signal, view.outcome.forced) == (KILL, True)
    assert await stopping == view


async def test_its_own_grace_and_sequence(mode, children):
    """C061: a task's own sequence of signals and its grace are what stopping it does."""
    steps = (StopStep(INT, 0.2), StopStep(TERM, 0.2))
    id_ = await mode.submit(command([*QUICK, children / "reports_signals.py"]).replace(stop_signals=steps))
    await mode.when_printed(id_)
    outcome = (await mode.stop(id_)).outcome

    heard = [line.split()[0] for line in (await mode.stdout(id_)).decode().splitlines()]
    assert heard == ["ready", "SIGINT", "SIGTERM"]
    assert [number for number, _ in await signals_to(mode, id_)] == [INT, TERM, KILL]
    assert (outcome.signal, outcome.forced) == (KILL, True)


async def test_one_that_somebody_stopped(mode, children, tmp_path):
    """C057: a stopped one that handles SIGTERM is continued, so that it can: its marker is there."""
    marker = tmp_path / "marker"
    id_ = await mode.submit([*QUICK, children / "ends_politely.py", "0", marker])
    await mode.when_printed(id_)
    os.kill((await mode.get(id_)).pid, signal.SIGSTOP)
    await mode.when(id_, lambda view: view.state == "suspended")
    outcome = (await mode.stop(id_, grace_s=5)).outcome

    assert marker.exists()
    assert (outcome.code, outcome.forced) == (0, False)


async def test_stopping_twice(mode, children):
    """C058: ten who stop it at once are one request, a kill meanwhile insists, and all get the same record."""
    id_ = await mode.submit(stubborn(children).replace(grace_s=30))
    await mode.when_printed(id_)
    stopping = [asyncio.create_task(mode.stop(id_)) for _ in range(10)]
    await mode.when(id_, lambda view: view.state == "stopping")
    await asyncio.sleep(0.2)
    assert [number for number, _ in await signals_to(mode, id_)] == [TERM]
    view = await mode.kill(id_)

    assert await asyncio.gather(*stopping) == [view] * 10
    assert (view.outcome.signal, view.outcome.forced, view.outcome.stopped_by) == (KILL, True, "user")
    assert [fact.name for fact in await mode.facts(id_)].count("stopping") == 1


async def race(mode, times):
    """Stop, again and again, what exits at about that moment."""
    for number in range(times):
        id_ = await mode.submit(shell("sleep 0.05; exit 7"))
        await mode.when(id_, lambda view: view.pid is not None)
        await asyncio.sleep(0.03 + 0.002 * (number % 20))
        outcome = (await mode.stop(id_)).outcome
        if outcome.code is not None:
            assert (outcome.code, outcome.signal, outcome.forced) == (7, None, False)
        else:
            assert (outcome.kind, outcome.signal, outcome.stopped_by) == ("stopped", TERM, "user")


async def test_the_exit_races_the_stop(mode):
    """C059: it ended by itself, with its code, or was stopped; never both, and no error."""
    await race(mode, 20)


@pytest.mark.long
async def test_the_exit_races_the_stop_often(mode):
    """C059: the same 200 times."""
    await race(mode, 200)


async def test_the_exit_races_the_time_out(mode):
    """C059: what ends by itself just before its time-out is not timed out."""
    for number in range(10):
        view = await mode.run(shell("sleep 0.1; exit 7").replace(timeout_s=0.09 + 0.004 * number))
        if view.outcome.stopped_by is None:
            assert (view.outcome.kind, view.outcome.code) == ("failed", 7)
        else:
            assert (view.outcome.kind, view.outcome.stopped_by) == ("timed_out", "timeout")


@pytest.mark.parametrize("given", ["TERM", "SIGTERM", "term", "15", 15])
async def test_signals_have_names_and_numbers(mode, given):
    """C061: however it is written, it is SIGTERM; what dies of it was not stopped."""
    id_ = await mode.submit(["sleep", "1000"])
    await mode.when(id_, lambda view: view.state == "running")
    await mode.signal(id_, given)
    outcome = (await mode.wait(id_)).outcome

    assert (outcome.kind, outcome.signal, outcome.stopped_by) == ("killed", TERM, None)


@pytest.mark.parametrize("given", [65, -1, "NOPE", "", "SIG15"])
async def test_what_is_no_signal(mode, given):
    """C061: what is no signal is refused before anything is sent, in the same words."""
    id_ = await mode.submit(["sleep", "1000"])
    await mode.when(id_, lambda view: view.state == "running")
    with pytest.raises(InvalidSignal) as raised:
        await mode.signal(id_, given)
    await mode.kill(id_)

    assert str(raised.value) == f"invalid signal: {given!r} is no signal of this machine"
    assert [number for number, _ in await signals_to(mode, id_)] == [KILL]


async def test_signal_nothing(mode):
    """C061: signal 0 only asks whether it lives: nothing is sent, and what has ended is not alive."""
    id_ = await mode.submit(["sleep", "1000"])
    await mode.when(id_, lambda view: view.state == "running")
    assert (await mode.signal(id_, 0)).state == "running"
    assert await signals_to(mode, id_) == []
    await mode.kill(id_)


async def test_a_signal_to_the_tree(mode, children):
    """C061: with the tree as scope every member gets it."""
    reporter = f"{sys.executable} -I -S {children / 'reports_signals.py'}"
    id_ = await mode.submit(shell(f"trap '' USR1; {reporter} & {reporter} & wait; wait"))
    await mode.when_printed(id_, b"ready\nready\n")
    await mode.signal(id_, "USR1", "tree")
    printed = await mode.when_printed(id_, b"SIGUSR1")
    async with asyncio.timeout(5):
        while printed.count(b"SIGUSR1") < 2:
            printed = await mode.stdout(id_)
    await mode.kill(id_)


async def test_all_at_once(mode, children):
    """C062: twenty tasks, one of which ignores SIGTERM, end side by side: the slowest decides."""
    script = "trap 'sleep 0.{0}; exit 0' TERM; echo ready; while :; do sleep 0.02; done"
    ids = [await mode.submit(shell(script.replace("{0}", str(number % 5)))) for number in range(19)]
    ids.append(await mode.submit(stubborn(children).replace(grace_s=1.0)))
    for id_ in ids:
        await mode.when_printed(id_, b"ready\n")
    began = time.monotonic()
    await mode.stop_all()

    assert 0.9 < time.monotonic() - began < 3.5
    views = [await mode.get(id_) for id_ in ids]
    assert [view.outcome.kind for view in views] == ["stopped"] * 20
    assert [view.outcome.forced for view in views] == [False] * 19 + [True]


async def test_stopping_what_waits(mode):
    """C062: what was never started is over at once, and was stopped."""
    running = await mode.submit(["sleep", "1000"])
    waiting = await mode.submit(["true"], after=[running])
    view = await mode.stop(waiting)
    await mode.kill(running)

    assert (view.state, view.pid, view.outcome.kind) == ("ended", None, "stopped")
    assert view.outcome.stopped_by == "user"
