"""Pausing a whole tree and letting it run on: no member runs meanwhile, and nothing is stuck afterwards."""

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from benchmarks.rivals.suspend import members as many

from procession import AlreadyEnded, OutcomeKind, State, run, spawn
from procession.model.event import Event, Resumed, Suspended

MANY = Path(many.__file__)

WAYS = [
    "killed",
    "terminated",
    "left",
    "killed_from_outside",
    "ended_before_the_pause",
    "killed_during_the_pause",
    "paused_while_ending",
]


def child(python, children, name, *arguments):
    """One of the programs that misbehave."""
    return [python, "-I", "-S", children / name, *map(str, arguments)]


def ticks_of(process) -> dict[int, int]:
    """User and system time of every member, in ticks."""
    ticks = {}
    for member in process.tree():
        try:
            with open(f"/proc/{member.pid}/stat") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        ticks[member.pid] = int(fields[11]) + int(fields[12])
    return ticks


def letter_of(pid: int) -> str:
    """The state of a process, as /proc shows it."""
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0]


async def test_nothing_of_the_tree_runs_while_it_is_paused(tree_kind, first_line, python, children):
    """C087: leader, group member, escapee and slow forker: no progress and no new member until resume; then all run."""
    async with spawn(child(python, children, "burns.py")) as process:
        burners = [int(pid) for pid in (await first_line(process)).split()]
        await asyncio.sleep(0.2)
        await process.suspend()
        paused = ticks_of(process)
        assert process.state is State.SUSPENDED
        assert set(burners) <= set(paused)
        await asyncio.sleep(0.7)
        assert ticks_of(process) == paused

        await process.resume()
        assert process.state is State.RUNNING
        await asyncio.sleep(0.7)
        after = ticks_of(process)
        assert all(after[pid] > paused[pid] for pid in burners)
        await process.kill()


def exact_time_of(pids) -> dict[int, int]:
    """The processor time of each, in nanoseconds."""
    times = {}
    for pid in pids:
        with open(f"/proc/{pid}/schedstat") as stat:
            times[pid] = int(stat.read().split()[0])
    return times


async def test_a_large_tree_is_paused_whole(tree_kind, first_line, wait_until, python):
    """C087: of 200 processes, 50 of them in sessions of their own, none runs until resume, and then each does."""
    async with spawn(child(python, MANY.parent, MANY.name, 200, 50)) as process:
        await first_line(process)
        for _ in range(2):
            await process.suspend()
            members = [member.pid for member in process.tree()]
            paused = exact_time_of(members)
            assert len({os.getsid(pid) for pid in members}) == 51
            await asyncio.sleep(0.3)
            assert exact_time_of(members) == paused
            assert [member.pid for member in process.tree()] == members
            assert len(members) == 200
            await process.resume()
            await wait_until(lambda m=members, p=paused: all(now > p[pid] for pid, now in exact_time_of(m).items()))
        await process.kill()


@pytest.mark.parametrize("pause_s", [0.02, 0.002])
async def test_forks_during_the_call_are_caught(tree_kind, first_line, python, children, pause_s):
    """C087: when suspend returns, the tree neither grows nor shrinks, however fast it forked before."""
    async with spawn(child(python, children, "forks_for_ever.py", pause_s)) as process:
        await first_line(process)
        for _ in range(3):
            await process.suspend()
            paused = ticks_of(process)
            await asyncio.sleep(0.1)
            assert ticks_of(process) == paused
            await process.resume()
            await asyncio.sleep(0.02)
        await process.kill()


async def test_one_that_hops_is_paused(tree_kind, first_line, python, children):
    """C087: one that forks and exits without end stands still, too, and hops on afterwards."""
    async with spawn(child(python, children, "hops.py", 0.001)) as process:
        await first_line(process)
        await asyncio.sleep(0.05)
        await process.suspend()
        paused = [member.pid for member in process.tree()]
        await asyncio.sleep(0.3)
        assert [member.pid for member in process.tree()] == paused
        await process.resume()
        await asyncio.sleep(0.1)
        assert [member.pid for member in process.tree()] != paused
        await process.kill()


@pytest.mark.root
def test_one_whose_pids_begin_anew_is_paused_and_killed(python, children):
    """C087: numbers are handed out in order, and after the last one from the start again: below the leader's."""
    hops = subprocess.run([python, children / "hops_over_the_last_pid.py"], capture_output=True, text=True, timeout=60)

    assert hops.stdout.split() == ["True", "True"], hops.stderr


async def test_what_had_stopped_itself_stays_stopped(tree_kind, first_line):
    """C087: resume continues what suspend paused; a member that was stopped before stays as it was."""
    async with spawn(["sh", "-c", "sleep 1000 & echo $!; wait"]) as process:
        stopped = int(await first_line(process))
        os.kill(stopped, signal.SIGSTOP)
        while letter_of(stopped) != "T":
            await asyncio.sleep(0.005)
        await process.suspend()
        await process.resume()
        await asyncio.sleep(0.1)

        assert letter_of(stopped) == "T"
        assert letter_of(process.pid) != "T"


async def test_a_leader_stopped_from_outside_stays_stopped_and_is_said_to_be(tree_kind):
    """C087: stopped by somebody else, then paused and resumed by us: still suspended, and a second resume helps."""
    async with spawn(["sleep", "1000"]) as process:
        process.send_signal("STOP")
        async with asyncio.timeout(3):
            while process.state is not State.SUSPENDED:
                await asyncio.sleep(0.02)
        await process.suspend()
        await process.resume()
        assert letter_of(process.pid) == "T"
        assert process.state is State.SUSPENDED
        await process.resume()
        assert letter_of(process.pid) != "T"
        assert process.state is State.RUNNING
        await process.kill()


async def test_a_stop_from_outside_is_noticed_and_can_be_undone(tree_kind):
    """C087: somebody stops and continues the leader: told as suspended and resumed, by outside."""
    events: list[Event] = []
    async with spawn(["sleep", "1000"], on_event=events.append) as process:
        os.kill(process.pid, signal.SIGSTOP)
        async with asyncio.timeout(3):
            while process.state is not State.SUSPENDED:
                await asyncio.sleep(0.02)
            os.kill(process.pid, signal.SIGCONT)
            while process.state is not State.RUNNING:
                await asyncio.sleep(0.02)
        await process.kill()
    told = [event for event in events if isinstance(event, Suspended | Resumed)]
    assert [(event.name, event.by) for event in told] == [("suspended", "outside"), ("resumed", "outside")]


async def test_pausing_and_resuming_are_idempotent(tree_kind):
    """C087: twice is once: no error, and one event each."""
    events: list[Event] = []
    async with spawn(["sleep", "1000"], on_event=events.append) as process:
        await process.resume()
        await process.suspend()
        await process.suspend()
        assert process.state is State.SUSPENDED
        await process.resume()
        await process.resume()
        assert process.state is State.RUNNING
        assert letter_of(process.pid) != "T"
        await process.kill()
    told = [event.name for event in events if isinstance(event, Suspended | Resumed)]
    assert told == ["suspended", "resumed"]


async def test_every_caller_returns_when_it_is_paused(tree_kind, first_line, python, children):
    """C087: of many that pause at once each returns, and hears the event, only when nothing runs any more."""
    letters: list[set[str]] = []

    def look(event: Event) -> None:
        if isinstance(event, Suspended):
            letters.append({letter_of(member.pid) for member in process.tree()})

    async def suspend() -> dict[int, int]:
        await process.suspend()
        return ticks_of(process)

    async with spawn(child(python, children, "burns.py")) as process:
        await first_line(process)
        process.subscribe(look)
        seen = await asyncio.gather(*(suspend() for _ in range(5)))
        await asyncio.sleep(0.3)
        later = ticks_of(process)
        assert all(ticks == later for ticks in seen)
        if tree_kind == "session":
            assert letters == [{"T"}]
        await process.kill()


async def test_pausing_what_has_ended_is_a_clean_error(tree_kind):
    """C087: AlreadyEnded, for suspend and for resume."""
    async with spawn(["true"]) as process:
        await process.wait()
        for act in (process.suspend, process.resume):
            with pytest.raises(AlreadyEnded):
                await act()


async def test_a_tree_without_its_leader_can_be_paused(tree_kind, is_alive):
    """C087, C049: the leader has ended; what lives on is paused and resumed all the same."""
    async with spawn(["sh", "-c", "(while :; do :; done) >/dev/null 2>&1 & echo $!"]) as process:
        await process.wait()
        await process.suspend()
        paused = ticks_of(process)
        await asyncio.sleep(0.3)
        assert ticks_of(process) == paused
        await process.resume()
        await asyncio.sleep(0.3)
        assert ticks_of(process) != paused


async def test_a_paused_job_handles_its_end(tree_kind, tmp_path, python, children):
    """C089: SIGTERM, then the thaw: handlers of every member run, nobody is killed, nothing stays frozen."""
    marker = tmp_path / "marker"
    polite = " ".join(map(str, child(python, children, "ends_politely.py", 0, marker)))
    async with spawn(["sh", "-c", f"trap 'wait; exit 7' TERM; {polite} & {polite} & wait"]) as process:
        ready = 0
        async for _ in process.stdout.lines():
            ready += 1
            if ready == 2:
                break
        await process.suspend()
        outcome = await process.terminate(3.0)

    assert len(marker.read_text().splitlines()) == 2
    assert (outcome.code, outcome.forced) == (7, False)


async def test_a_paused_job_that_ignores_its_end_is_killed_at_the_grace(tree_kind, first_line, python, children):
    """C089: SIGKILL comes at the grace, to the paused as to others."""
    async with spawn(child(python, children, "ignores_sigterm.py")) as process:
        await first_line(process)
        await process.suspend()
        began = time.monotonic()
        outcome = await process.terminate(0.5)
        assert 0.5 <= time.monotonic() - began < 2.5
    assert outcome.forced


async def test_a_paused_job_can_be_killed(tree_kind, first_line, python, children):
    """C089: a kill works on a paused tree in bounded time."""
    async with spawn(child(python, children, "burns.py")) as process:
        await first_line(process)
        await process.suspend()
        began = time.monotonic()
        outcome = await process.kill()
        assert time.monotonic() - began < 2.0
        assert process.tree() == []
    assert outcome.signal == signal.SIGKILL


def test_the_host_runs_on_after_a_paused_job_has_ended(tree_kind, run_host):
    """C089: whatever ended a paused job, nothing stays frozen: the next jobs start, and the host itself runs."""
    said = run_host("pauses_and_kills.py", *WAYS, PROCESSION_CGROUP="off" if tree_kind == "session" else "on")

    assert said.splitlines()[-1] == "unfrozen"


async def test_the_pause_does_not_count(tree_kind):
    """C088: a time-out of 0.6 s with a pause of 1 s in its middle comes after 1.6 s."""
    began = time.monotonic()
    async with spawn(["sleep", "1000"], timeout=0.6) as process:
        await asyncio.sleep(0.3)
        await process.suspend()
        await asyncio.sleep(1.0)
        assert process.exit is None
        await process.resume()
        outcome = await process.wait()

    assert 1.6 <= time.monotonic() - began < 3.6
    assert outcome.kind is OutcomeKind.TIMED_OUT


async def test_a_pause_before_the_time_out_keeps_it_away(tree_kind):
    """C088: paused with no time left to speak of: nothing happens until it runs on."""
    async with spawn(["sleep", "1000"], timeout=0.15) as process:
        await asyncio.sleep(0.1)
        await process.suspend()
        await asyncio.sleep(0.4)
        assert process.state is State.SUSPENDED
        await process.resume()
        outcome = await process.wait()
    assert outcome.kind is OutcomeKind.TIMED_OUT


def test_steps_of_the_wall_clock_change_no_duration(run_host):
    """C088: the wall clock jumps an hour forth and back: no time-out comes early, no duration is negative."""
    said = run_host("lives_through_a_clock_step.py")

    assert said.splitlines()[-1] == "unmoved"


async def test_our_own_stop_is_not_a_stop_from_outside(tree_kind):
    """C087: what suspend does to the leader is not told a second time as somebody else's."""
    events: list[Event] = []
    async with spawn(["sleep", "1000"], on_event=events.append) as process:
        await process.suspend()
        await asyncio.sleep(0.7)  # the slow look comes by
        await process.resume()
        await asyncio.sleep(0.7)
        await process.kill()
    told = [(event.name, event.by) for event in events if isinstance(event, Suspended | Resumed)]
    assert told == [("suspended", "us"), ("resumed", "us")]


async def test_being_held_for_a_signal_is_no_pause(tree_kind, first_line, wait_until):
    """It is sent only what it has a handler for; nobody hears that it stood still meanwhile, and a pause stays one."""
    script = "n=0; trap 'n=$((n+1)); echo $n' USR1; echo ready; while :; do sleep 0.02; done"
    events: list[Event] = []
    async with spawn(["sh", "-c", script], on_event=events.append) as process:
        await first_line(process)
        assert not await process.send_signal_if_caught(signal.SIGUSR2)
        for _ in range(20):
            assert await process.send_signal_if_caught(signal.SIGUSR1)
        await asyncio.sleep(0.7)  # the slow look comes by
        assert process.state is State.RUNNING
        assert [event for event in events if isinstance(event, Suspended | Resumed)] == []

        await asyncio.gather(process.send_signal_if_caught(signal.SIGUSR1), process.suspend())
        await asyncio.sleep(0.05)  # the kernel wakes whoever is frozen for a signal, to freeze it again: microseconds
        paused = exact_time_of([process.pid])
        await asyncio.sleep(0.1)
        assert process.state is State.SUSPENDED
        assert exact_time_of([process.pid]) == paused
        await process.resume()
        await wait_until(lambda: exact_time_of([process.pid]) != paused)
        await process.kill()


async def test_a_sibling_runs_on(tree_kind):
    """C087: pausing one job pauses no other, nor us."""
    async with spawn(["sleep", "1000"]) as paused:
        await paused.suspend()
        result = await run(["sh", "-c", "echo beside"])
        assert result.stdout == "beside\n"
        await paused.kill()
