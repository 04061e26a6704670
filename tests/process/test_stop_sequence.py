"""Stop sequences of one's own: INT, then TERM, then KILL, each with its wait, and what is refused."""

import asyncio
import math
import signal
import time

import pytest

from procession import AlreadyEnded, InvalidCommand, InvalidSignal, OutcomeKind, State, StopStep, spawn
from procession.model.event import Event, Signalled

INT, TERM, KILL, USR1 = (int(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGUSR1))


def child(python, children, name, *arguments):
    """One of the programs that misbehave."""
    return [python, "-I", "-S", children / name, *map(str, arguments)]


def signals_in(events: list[Event]) -> list[int]:
    """The signals that were told as sent."""
    return [event.signal for event in events if isinstance(event, Signalled)]


async def test_the_steps_come_in_order_each_after_its_wait(tree_kind, python, children):
    """C061: INT 0.4 s → TERM 0.4 s → KILL, as seen by the child itself."""
    events: list[Event] = []
    steps = (StopStep(INT, 0.4), StopStep(TERM, 0.4))
    async with spawn(
        child(python, children, "reports_signals.py"), stop_signals=steps, on_event=events.append
    ) as process:
        lines = process.stdout.lines()
        assert await anext(lines) == "ready"
        began = time.monotonic()
        outcome = await process.terminate()
        took_s = time.monotonic() - began
        heard = [line.split() async for line in lines]

    assert [name for name, _ in heard] == ["SIGINT", "SIGTERM"]
    assert 0.35 < float(heard[1][1]) - float(heard[0][1]) < 2.4
    assert 0.8 <= took_s < 2.8
    assert signals_in(events) == [INT, TERM, KILL]
    assert outcome.forced


async def test_a_step_that_works_is_the_last(tree_kind, first_line, python, children):
    """C061: what ends at the first step gets no second."""
    events: list[Event] = []
    steps = (StopStep(TERM, 5.0), StopStep(INT, 5.0))
    async with spawn(
        child(python, children, "ends_politely.py", 3), stop_signals=steps, on_event=events.append
    ) as process:
        await first_line(process)
        outcome = await process.terminate()

    assert (outcome.code, outcome.forced) == (3, False)
    assert signals_in(events) == [TERM]


async def test_a_kill_during_the_sequence_skips_the_rest(tree_kind, first_line, python, children):
    """C058: who insists does not wait for the steps that are left, and none of them is sent any more."""
    events: list[Event] = []
    steps = (StopStep(INT, 30.0), StopStep(TERM, 30.0))
    async with spawn(
        child(python, children, "reports_signals.py"), stop_signals=steps, on_event=events.append
    ) as process:
        await first_line(process)
        ending = asyncio.ensure_future(process.terminate())
        await asyncio.sleep(0.1)
        async with asyncio.timeout(2):
            await process.kill()
            await ending

    assert signals_in(events) == [INT, KILL]


async def test_a_sequence_may_contain_sigkill_itself(tree_kind, first_line, python, children):
    """C061: a sequence whose own last step is KILL ends there, once."""
    events: list[Event] = []
    steps = (StopStep(TERM, 0.2), StopStep(KILL, 1.0))
    async with spawn(
        child(python, children, "ignores_sigterm.py"), stop_signals=steps, on_event=events.append
    ) as process:
        await first_line(process)
        outcome = await process.terminate()

    assert outcome.forced
    assert signals_in(events) == [TERM, KILL]


async def test_a_sequence_without_force(tree_kind, first_line, python, children):
    """C056: with an infinite grace the sequence ends where it ends: SIGKILL is never added."""
    events: list[Event] = []
    steps = (StopStep(INT, 0.1), StopStep(TERM, 0.1))
    async with spawn(
        child(python, children, "reports_signals.py"), stop_signals=steps, grace=math.inf, on_event=events.append
    ) as process:
        await first_line(process)
        ending = asyncio.ensure_future(process.terminate())
        await asyncio.sleep(1.0)
        asked, lives = signals_in(events), process.exit is None
        await process.kill()
        await ending
        assert asked == [INT, TERM]
        assert lives
    assert signals_in(events)[-1] == KILL


async def test_a_time_out_takes_the_sequence_too(tree_kind, python, children):
    """C061: the command's own sequence serves every end: here its time-out."""
    events: list[Event] = []
    async with spawn(
        ["sh", "-c", "trap 'exit 9' USR1; while :; do sleep 0.02; done"],
        stop_signals=(StopStep(USR1, 5.0),),
        timeout=0.3,
        on_event=events.append,
    ) as process:
        outcome = await process.wait()

    assert (outcome.kind, outcome.code, outcome.forced) == (OutcomeKind.TIMED_OUT, 9, False)
    assert signals_in(events) == [USR1]


@pytest.mark.parametrize("number", [0, 65, -1, 1000])
def test_a_sequence_with_what_is_no_signal_is_refused(number):
    """C061: validated when the command is made, before anything is started."""
    with pytest.raises((InvalidSignal, InvalidCommand)):
        spawn(["true"], stop_signals=(StopStep(number, 1.0),))


@pytest.mark.parametrize("wait_s", [-1.0, math.nan, True, "2"])
def test_a_sequence_with_an_impossible_wait_is_refused(wait_s):
    """C061: so is a wait that cannot be."""
    with pytest.raises(InvalidCommand):
        spawn(["true"], stop_signals=(StopStep(TERM, wait_s),))


@pytest.mark.parametrize("grace", [-1, math.nan, True, "5"])
def test_an_impossible_grace_is_refused(grace):
    """C056: a grace is a number of seconds from 0."""
    with pytest.raises(InvalidCommand):
        spawn(["true"], grace=grace)


@pytest.mark.parametrize("grace", [-1, math.nan])
async def test_an_impossible_grace_is_refused_when_it_is_asked_for(grace):
    """C056: also where it is given to terminate: nothing is sent, and nothing is begun."""
    events: list[Event] = []
    async with spawn(["sleep", "1000"], on_event=events.append) as process:
        with pytest.raises(InvalidCommand):
            await process.terminate(grace)
        assert [event.name for event in events] == ["starting", "started"]
        assert process.state is State.RUNNING
        await process.kill()


async def test_a_stop_step_that_pauses_is_let_run_on(tree_kind):
    """C057: every step is followed by SIGCONT: even a sequence that begins with STOP goes on to its end."""
    async with spawn(
        ["sleep", "1000"], stop_signals=(StopStep(int(signal.SIGTSTP), 0.1), StopStep(TERM, 5.0))
    ) as process:
        outcome = await process.terminate()
        with pytest.raises(AlreadyEnded):
            process.send_signal("TERM")

    assert (outcome.signal, outcome.forced) == (TERM, False)
