"""Time-outs: the whole tree ends, the record tells it from every other end, and what was printed is kept."""

import asyncio
import time

import pytest

from procession import InvalidCommand, OutcomeKind, TimedOut, run, spawn
from procession.model.event import Closed, Event, Exited, Signalled


async def test_a_time_out_ends_the_tree(tree_kind, is_alive):
    """C055: the reason is timeout, the end is polite, and nothing of the tree is left."""
    began = time.monotonic()
    result = await run(["sh", "-c", "echo partial; sleep 1000 & echo $!; wait"], timeout=0.3)

    assert 0.3 <= time.monotonic() - began < 2.3
    assert (result.outcome.kind, result.outcome.stopped_by, result.outcome.forced) == ("timed_out", "timeout", False)
    partial, pid = result.stdout.split()
    assert partial == "partial"
    assert not is_alive(int(pid))


async def test_a_stubborn_child_is_killed_after_time_out_and_grace(tree_kind, python, children):
    """C056: the grace follows the time-out."""
    began = time.monotonic()
    result = await run([python, "-I", "-S", children / "ignores_sigterm.py"], timeout=0.3, grace=0.3)

    assert 0.6 <= time.monotonic() - began < 2.6
    assert result.timed_out
    assert result.outcome.forced


async def test_a_time_out_may_keep_its_code(tree_kind, python, children):
    """C055: a child that exits 0 on SIGTERM was timed out all the same, and its code is kept."""
    result = await run([python, "-I", "-S", children / "ends_politely.py", "0"], timeout=0.5)

    assert (result.outcome.kind, result.code, result.ok) == (OutcomeKind.TIMED_OUT, 0, False)


async def test_check_raises_timed_out_with_everything(tree_kind):
    """C055: with check= the error is TimedOut, and has what was printed until then."""
    with pytest.raises(TimedOut) as raised:
        await run(["sh", "-c", "echo so far; sleep 1000"], timeout=0.2, check=True)

    assert raised.value.stdout == "so far\n"
    assert raised.value.outcome.stopped_by == "timeout"


async def test_who_ended_first_was_not_timed_out(tree_kind):
    """C059: it ended by itself while nobody looked; the time-out, due at the same look, finds it ended."""
    async with spawn(["sh", "-c", "exit 5"], timeout=0.1) as process:
        time.sleep(0.3)  # both are due when the loop looks again
        outcome = await process.wait()

    assert (outcome.kind, outcome.code, outcome.stopped_by) == (OutcomeKind.FAILED, 5, None)


async def test_a_time_out_stops_with_the_leader(tree_kind, is_alive):
    """C059: once the leader has ended there is no time-out any more, whatever its descendants do."""
    async with spawn(["sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $!"], timeout=0.2) as process:
        outcome = await process.wait()
        member = int(await process.stdout.read())
        await asyncio.sleep(0.4)
        assert is_alive(member)
    assert (outcome.ok, process.outcome) == (True, outcome)
    assert not is_alive(member)


async def test_the_exit_races_the_time_out(tree_kind):
    """C059: of many that end just when their time is up each has exactly one end, and its real code."""
    await race(24)


@pytest.mark.long
async def test_the_exit_races_the_time_out_two_hundred_times(tree_kind):
    """C059, long form."""
    await race(400)


async def race(turns: int) -> None:
    """Let exits race time-outs, four at a time."""
    kinds = set()
    for first in range(0, turns, 4):
        for outcome in await asyncio.gather(*(race_once(turn) for turn in range(first, min(first + 4, turns)))):
            kinds.add(outcome.kind)
            timed_out = outcome.kind is OutcomeKind.TIMED_OUT
            assert timed_out == (outcome.stopped_by == "timeout")
            assert timed_out or (outcome.kind, outcome.code) == (OutcomeKind.FAILED, 5), outcome
            assert outcome.code == 5 or (timed_out and outcome.signal == 15), outcome
            assert not outcome.forced
    assert kinds <= {OutcomeKind.TIMED_OUT, OutcomeKind.FAILED}


async def race_once(turn: int):
    """One of them, with its jitter."""
    events: list[Event] = []
    jitter_s = turn % 10 * 0.0005
    async with spawn(["sh", "-c", "sleep 0.05; exit 5"], timeout=0.05 + jitter_s, on_event=events.append) as process:
        outcome = await process.wait()
    assert sum(isinstance(event, Exited) for event in events) == 1
    assert sum(isinstance(event, Closed) for event in events) == 1
    assert sum(isinstance(event, Signalled) for event in events) <= 1
    return outcome


async def test_a_request_before_the_time_out_keeps_its_reason(tree_kind, python, children, first_line):
    """C055: terminate came first: the time-out that passes during the grace changes nothing."""
    async with spawn([python, "-I", "-S", children / "ignores_sigterm.py"], timeout=0.5) as process:
        await first_line(process)
        outcome = await process.terminate(1.0)

    assert (outcome.kind, outcome.stopped_by) == (OutcomeKind.STOPPED, "user")


async def test_a_request_after_the_time_out_joins_it(tree_kind, python, children, first_line):
    """C058: asked to end while its time-out is being carried out: one end, for the first reason; kill insists."""
    async with spawn([python, "-I", "-S", children / "ignores_sigterm.py"], timeout=0.3, grace=30) as process:
        await first_line(process)
        await asyncio.sleep(0.4)
        async with asyncio.timeout(2):
            outcome = await process.kill()

    assert (outcome.kind, outcome.stopped_by, outcome.forced) == (OutcomeKind.TIMED_OUT, "timeout", True)


async def test_no_time_at_all(tree_kind):
    """C059: a time-out of 0 ends what has not ended at once, and leaves nothing."""
    result = await run(["sleep", "1000"], timeout=0)

    assert result.timed_out


@pytest.mark.parametrize("timeout", [-1, float("nan"), True, "3"])
def test_an_impossible_time_out_is_refused(timeout):
    """C061: refused before anything is started."""
    with pytest.raises(InvalidCommand):
        spawn(["true"], timeout=timeout)


async def test_a_time_out_without_end(tree_kind):
    """C059: an infinite time-out never comes."""
    result = await run(["true"], timeout=float("inf"))

    assert result.ok
