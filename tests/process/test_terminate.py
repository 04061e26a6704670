"""Ending a process: asked politely first, insisted on after the grace, and the record says which it was."""

import asyncio
import math
import os
import signal
import time

import pytest

from procession import NULL, PIPE, AlreadyEnded, InvalidSignal, OutcomeKind, State, spawn
from procession.model.event import Closed, Event, Exited, Signalled

KILL = int(signal.SIGKILL)
TERM = int(signal.SIGTERM)


def child(python, children, name, *arguments):
    """One of the programs that misbehave."""
    return [python, "-I", "-S", children / name, *map(str, arguments)]


def signals_in(events: list[Event]) -> list[int]:
    """The signals that were told as sent."""
    return [event.signal for event in events if isinstance(event, Signalled)]


@pytest.mark.parametrize("by", ["user", "cancel", "shutdown", "timeout"])
@pytest.mark.parametrize("code", [0, 7])
async def test_a_polite_end(*, tree_kind, first_line, python, children, code, by):
    """C055: a child that exits from its handler is never killed; the record has its code, and whose wish it was."""
    events: list[Event] = []
    async with spawn(child(python, children, "ends_politely.py", code), on_event=events.append) as process:
        await first_line(process)
        outcome = await process.terminate(5.0, by=by)

    assert outcome.code == code
    assert outcome.signal is None
    assert outcome.stopped_by == by
    assert not outcome.forced
    assert not outcome.ok
    assert signals_in(events) == [TERM]


async def test_a_forced_end(tree_kind, first_line, python, children):
    """C056: SIGTERM ignored, grace 1 s: SIGKILL comes after 1.0 to 1.5 s, and the record says forced."""
    events: list[Event] = []
    async with spawn(child(python, children, "ignores_sigterm.py"), on_event=events.append) as process:
        await first_line(process)
        outcome = await process.terminate(1.0)
        asked, killed = (event.at for event in events if isinstance(event, Signalled))

        assert 0.99 <= killed - asked < 1.5
        assert outcome.forced
        assert (outcome.signal, outcome.kind) == (KILL, OutcomeKind.STOPPED)


async def test_no_grace_at_all(tree_kind, first_line, python, children):
    """C056: a grace of 0 kills at once, without asking."""
    events: list[Event] = []
    async with spawn(child(python, children, "ends_politely.py", 0), on_event=events.append) as process:
        await first_line(process)
        began = time.monotonic()
        outcome = await process.terminate(0)

        assert time.monotonic() - began < 0.5
        assert outcome.forced
        assert outcome.signal == KILL
        assert signals_in(events) == [KILL]


async def test_never_by_force(tree_kind, first_line, python, children):
    """C056: an infinite grace never kills; a child that ignores it lives on, and says so in its state."""
    events: list[Event] = []
    async with spawn(child(python, children, "ignores_sigterm.py"), on_event=events.append) as process:
        await first_line(process)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(process.terminate(math.inf), 0.7)
        assert process.state is State.STOPPING
        assert signals_in(events) == [TERM]
        async with asyncio.timeout(3):
            outcome = await process.kill()

    assert outcome.forced
    assert signals_in(events) == [TERM, KILL]


async def test_never_by_force_until_it_obliges(tree_kind, first_line, python, children, tmp_path):
    """C056: with an infinite grace the end may come late, and is polite."""
    marker = tmp_path / "marker"
    script = f"trap 'sleep 0.4; echo late >{marker}; exit 4' TERM; echo ready; while :; do sleep 0.05; done"
    async with spawn(["sh", "-c", script]) as process:
        await first_line(process)
        outcome = await process.terminate(math.inf)

    assert marker.read_text() == "late\n"
    assert (outcome.code, outcome.forced) == (4, False)


async def test_leaving_a_block_whose_grace_is_infinite(tree_kind, first_line, python, children, wait_until):
    """C056, C058: a cancelled block asks and waits, as its grace says; a second cancellation insists, and it ends."""
    processes = []

    async def live() -> None:
        async with spawn(child(python, children, "ignores_sigterm.py"), grace=math.inf) as process:
            await first_line(process)
            processes.append(process)
            await process.wait()

    task = asyncio.ensure_future(live())
    await wait_until(lambda: processes)
    task.cancel()
    await wait_until(lambda: processes[0].state is State.STOPPING)
    await asyncio.sleep(0.2)
    assert processes[0].exit is None
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=3)

    assert done
    assert task.cancelled()
    assert processes[0].outcome.forced


async def test_a_stopped_child_handles_its_end(tree_kind, first_line, python, children, tmp_path):
    """C057: SIGTERM, then SIGCONT, to every member: handlers of stopped processes run, and nobody is killed."""
    marker = tmp_path / "marker"
    polite = " ".join(map(str, child(python, children, "ends_politely.py", 0, marker)))
    script = f"trap 'wait; exit 0' TERM; {polite} & {polite} & wait"
    events: list[Event] = []
    async with spawn(["sh", "-c", script], on_event=events.append) as process:
        ready = 0
        async for _ in process.stdout.lines():
            ready += 1
            if ready == 2:
                break
        for member in process.tree():
            os.kill(member.pid, signal.SIGSTOP)
        outcome = await process.terminate(3.0)

    assert len(marker.read_text().splitlines()) == 2
    assert outcome.code == 0
    assert signals_in(events) == [TERM]


async def test_ten_requests_at_once_are_one(tree_kind, first_line, python, children):
    """C058: ten tasks that ask at once all return the same record; the child is asked once."""
    events: list[Event] = []
    async with spawn(child(python, children, "ends_politely.py", 7), on_event=events.append) as process:
        await first_line(process)
        outcomes = await asyncio.gather(*(process.terminate(30.0) for _ in range(10)))

    assert [outcome.code for outcome in outcomes] == [7] * 10
    assert signals_in(events) == [TERM]
    assert sum(isinstance(event, Closed) for event in events) == 1
    assert sum(isinstance(event, Exited) for event in events) == 1


async def test_a_second_request_joins_and_a_kill_insists(tree_kind, first_line, python, children):
    """C058: during a grace of 30 s a second terminate waits along, and kill ends it now; all get one record."""
    events: list[Event] = []
    async with spawn(child(python, children, "ignores_sigterm.py"), on_event=events.append) as process:
        await first_line(process)
        first = asyncio.ensure_future(process.terminate(30.0))
        await asyncio.sleep(0.05)
        second = asyncio.ensure_future(process.terminate(0))
        await asyncio.sleep(0.3)
        assert not first.done()
        assert not second.done()
        began = time.monotonic()
        killed = await process.kill()

        assert time.monotonic() - began < 1.0
        assert await first is await second is killed
        assert killed.forced
    assert signals_in(events) == [TERM, KILL]
    assert sum(isinstance(event, Closed) for event in events) == 1


async def test_ten_kills_at_once(tree_kind, first_line, python, children):
    """C058: many kills at once, some of them cancelled, end in one record."""
    async with spawn(child(python, children, "ignores_sigterm.py")) as process:
        await first_line(process)
        kills = [asyncio.ensure_future(process.kill()) for _ in range(10)]
        await asyncio.sleep(0)
        kills[0].cancel()
        outcomes = await asyncio.gather(*kills[1:])

    assert all(outcome is process.outcome for outcome in outcomes)


async def test_a_kill_right_after_the_start(tree_kind, is_alive):
    """C058: a kill that comes before the child had a first look at the world leaves nothing."""
    for _ in range(20):
        async with spawn(["sh", "-c", "sleep 1000 & sleep 1000 | sleep 1000"]) as process:
            outcome = await process.kill()
            assert outcome.signal == KILL
            assert process.tree() == []


async def test_a_request_right_after_the_start_reaches_everybody(tree_kind):
    """C057: members that are just being born when the tree is asked are asked too: nobody sits out the grace."""
    for _ in range(20):
        async with spawn(["sh", "-c", "sleep 1000 & sleep 1000 & sleep 1000"]) as process:
            began = time.monotonic()
            await process.terminate(5.0)
            assert time.monotonic() - began < 2.0


async def test_the_leader_obeys_and_a_grandchild_does_not(tree_kind, first_line, is_alive, python, children):
    """C056: the leader exits at once, a descendant ignores SIGTERM: it is killed after the grace, and that is told."""
    stubborn = " ".join(map(str, child(python, children, "ignores_sigterm.py")))
    events: list[Event] = []
    async with spawn(["sh", "-c", f"trap 'exit 7' TERM; {stubborn} & wait"], on_event=events.append) as process:
        await first_line(process)
        (grandchild,) = [member.pid for member in process.tree() if member.pid != process.pid]
        outcome = await process.terminate(0.5)

        asked, killed = (event.at for event in events if isinstance(event, Signalled))
        assert 0.49 <= killed - asked < 2.0
        assert not is_alive(grandchild)
    assert outcome.code == 7
    assert signals_in(events) == [TERM, KILL]
    assert outcome.forced, "SIGKILL was needed"


async def test_a_descendant_that_needs_its_grace_gets_it(tree_kind, first_line, tmp_path):
    """C055: the leader exits at once; a descendant that needs half a second to end well is not killed."""
    marker = tmp_path / "marker"
    slow = f"trap 'sleep 0.5; echo done >{marker}; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    async with spawn(["sh", "-c", f"({slow}) & wait"]) as process:
        await first_line(process)
        outcome = await process.terminate(5.0)

    assert marker.read_text() == "done\n"
    assert not outcome.forced


async def test_a_natural_end_keeps_its_code(tree_kind):
    """C059: asked to end after it has ended by itself: the record is that of its own end."""
    async with spawn(["sh", "-c", "exit 5"]) as process:
        time.sleep(0.1)  # it ends while nobody looks
        outcome = await process.terminate(1.0)

    assert (outcome.code, outcome.stopped_by, outcome.forced) == (5, None, False)
    assert outcome.kind is OutcomeKind.FAILED


async def test_the_exit_races_the_request(tree_kind):
    """C059: a child that ends by itself at the moment of the request has one record, with its real code or SIGTERM."""
    await race(24)


@pytest.mark.long
async def test_the_exit_races_the_request_two_hundred_times(tree_kind):
    """C059, long form."""
    await race(400)


async def race(turns: int) -> None:
    """Let exits race requests, with a jitter."""
    seen = set()
    for turn in range(turns):
        events: list[Event] = []
        async with spawn(["sh", "-c", "read line; exit 5"], stdin=PIPE, on_event=events.append) as process:
            await process.stdin.write("go\n")
            await asyncio.sleep(turn % 20 * 0.0001)
            outcome = await (process.kill() if turn % 2 else process.terminate(1.0))
        assert sum(isinstance(event, Exited) for event in events) == 1
        assert sum(isinstance(event, Closed) for event in events) == 1
        assert (outcome.code is None) != (outcome.signal is None)
        if outcome.stopped_by is None:
            assert outcome.code == 5
            assert outcome.kind is OutcomeKind.FAILED
        else:
            assert outcome.kind is OutcomeKind.STOPPED
            assert outcome.code == 5 or outcome.signal in (TERM, KILL)
        seen.add(outcome.signal)
    assert seen <= {None, TERM, KILL}


@pytest.mark.parametrize("given", ["USR1", "SIGUSR1", "usr1", "sigusr1", int(signal.SIGUSR1), signal.SIGUSR1, "10"])
async def test_signals_by_name_and_number(tree_kind, python, children, given):
    """C061: a signal may be named in any of the usual ways, and reaches the leader."""
    async with spawn(child(python, children, "reports_signals.py")) as process:
        lines = process.stdout.lines()
        assert await anext(lines) == "ready"
        process.send_signal(given)
        assert (await anext(lines)).startswith("SIGUSR1 ")
        await lines.aclose()
        await process.kill()


@pytest.mark.parametrize("given", [65, -1, -15, 1000, "", "NOPE", "SIGNOPE", "0x9", True, 9.0, None, "TERM KILL"])
async def test_no_signal_is_sent_unless_it_exists(given):
    """C061: what is no signal is refused before anything is sent."""
    events: list[Event] = []
    async with spawn(["sleep", "1000"], on_event=events.append) as process:
        with pytest.raises(InvalidSignal):
            process.send_signal(given)
        with pytest.raises(InvalidSignal):
            process.send_signal(given, scope="tree")
        assert signals_in(events) == []
        assert process.exit is None
        await process.kill()


async def test_signal_0_asks_whether_it_lives(tree_kind):
    """C061: 0 is a probe: quiet while it lives, AlreadyEnded for a zombie and for what was reaped."""
    events: list[Event] = []
    async with spawn(["sh", "-c", "read line"], stdin=PIPE, on_event=events.append) as process:
        process.send_signal(0)
        process.send_signal(0, scope="tree")
        await process.stdin.close()
        time.sleep(0.1)  # a zombie now, not yet looked at
        with pytest.raises(AlreadyEnded):
            process.send_signal(0)
        await process.wait()
        with pytest.raises(AlreadyEnded):
            process.send_signal(0)
        assert signals_in(events) == []


async def test_a_signal_to_what_has_ended(tree_kind):
    """C061: signalling a zombie or a reaped process raises AlreadyEnded, which names the pid."""
    async with spawn(["true"]) as process:
        time.sleep(0.1)
        with pytest.raises(AlreadyEnded) as raised:
            process.send_signal("TERM")
        assert raised.value.pid == process.pid
        await process.wait()
        for scope in ("leader", "tree"):
            with pytest.raises(AlreadyEnded):
                process.send_signal("TERM", scope=scope)


async def test_a_signal_to_the_whole_tree(tree_kind, first_line, python, children, tmp_path):
    """C061: scope="tree" reaches every member, also when the leader has gone."""
    marker = tmp_path / "marker"
    polite = " ".join(map(str, child(python, children, "ends_politely.py", 0, marker)))
    async with spawn(["sh", "-c", f"{polite} & {polite} & exit 0"], leak_grace=30) as process:
        ready = 0
        async for _ in process.stdout.lines():
            ready += 1
            if ready == 2:
                break
        while process.exit is None:
            await asyncio.sleep(0.005)
        process.send_signal("TERM", scope="tree")
        while process.tree():
            await asyncio.sleep(0.01)
        await process.wait()
    assert len(marker.read_text().splitlines()) == 2


async def test_an_unreaped_group_is_not_alive(tree_kind, first_line):
    """C045, C061: a tree of nothing but zombies counts as ended for every question that can be asked."""
    async with spawn(["sh", "-c", "sleep 1000 & echo ready; wait"], stderr=NULL) as process:
        await first_line(process)
        for member in reversed(process.tree()):
            os.kill(member.pid, signal.SIGKILL)
        time.sleep(0.1)
        assert process.tree() == []
        with pytest.raises(AlreadyEnded):
            process.send_signal("USR1")
        outcome = await process.terminate(1.0)
        assert outcome.kind is OutcomeKind.KILLED
        assert outcome.stopped_by is None
