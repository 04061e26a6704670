"""Cancelled at any await, once or twice: the exception comes out, and nothing is left."""

import asyncio
import contextlib
import os
import time

import pytest

from procession import NULL, PIPE, PTY, Limits, OutcomeKind, run, spawn

STUBBORN = "trap '' TERM; sleep 1000 & while :; do echo talk; done"


def child(python, children, name, *arguments):
    """One of the programs that misbehave."""
    return [python, "-I", "-S", children / name, *map(str, arguments)]


async def cancel(task: asyncio.Task, times: int = 1, within_s: float = 5.0) -> None:
    """Cancel, let the loop turn a little, cancel again; the task must end in time, cancelled."""
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0.01)
    done, _ = await asyncio.wait([task], timeout=within_s)
    assert done, f"{task} did not end"
    assert task.cancelled()


async def read_bytes(process):
    """Read bytes as they come."""
    async for _ in process.stdout:
        pass


async def read_lines(process):
    """Read the lines of both streams."""
    async for _ in process.lines():
        pass


async def read_batches(process):
    """Read lines, many at a time."""
    async for _ in process.stdout.line_batches():
        pass


async def read_all(process):
    """Read to an end that never comes."""
    await process.stdout.read()


async def write(process):
    """Write what is never read."""
    await process.stdin.write(b"x" * 10_000_000)


async def wait(process):
    """Wait for an end that does not come."""
    await process.wait()


async def terminate(process):
    """End it, with patience."""
    await process.terminate(0.6)


async def suspend(process):
    """Pause it and let it run on, again and again."""
    while True:
        await process.suspend()
        await process.resume()
        await asyncio.sleep(0)


ACTS = [read_bytes, read_lines, read_batches, read_all, write, wait, terminate, suspend]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
async def test_cancelled_in_the_middle(tree_kind, is_alive, act):
    """C058: cancelled once or twice while reading, writing, waiting, ending, pausing: all ends first."""
    pids = []

    async def live() -> None:
        async with spawn(["sh", "-c", STUBBORN], stdin=PIPE, grace=0.1) as process:
            pids.append(process.pid)
            async for _ in process.stdout:
                break
            await act(process)

    once, twice = asyncio.ensure_future(live()), asyncio.ensure_future(live())
    await asyncio.sleep(0.1)
    await asyncio.gather(cancel(once), cancel(twice, times=2))

    assert not any(map(is_alive, pids))


@pytest.mark.parametrize("times", [1, 2, 5])
async def test_cancelled_while_leaving(*, tree_kind, is_alive, python, children, first_line, times):
    """C058: a cancellation that meets the end insists: no grace is sat out, and it is raised when all is gone."""
    pids = []

    async def live() -> None:
        async with spawn(child(python, children, "ignores_sigterm.py"), grace=30) as process:
            await first_line(process)
            pids.append(process.pid)

    task = asyncio.ensure_future(live())
    while not pids:
        await asyncio.sleep(0.01)
    began = time.monotonic()
    await cancel(task, times)

    assert time.monotonic() - began < 2.0
    assert not is_alive(pids[0])


async def test_the_record_says_cancelled(tree_kind):
    """C055: the reason of an end by cancellation is cancel."""
    processes = []

    async def live() -> None:
        async with spawn(["sleep", "1000"]) as process:
            processes.append(process)
            await process.wait()

    task = asyncio.ensure_future(live())
    await asyncio.sleep(0.05)
    await cancel(task)

    assert processes[0].outcome.kind is OutcomeKind.CANCELLED
    assert processes[0].outcome.stopped_by == "cancel"


async def test_waiting_may_be_given_up_without_harm(tree_kind):
    """C058: a cancelled wait or terminate gives up the waiting, not the process, nor the ending."""
    async with spawn(["sh", "-c", "read line; exit 3"], stdin=PIPE) as process:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(process.wait(), 0.02)
        await process.stdin.write("go\n")
        assert (await process.wait()).code == 3


async def test_an_ending_goes_on_when_its_caller_is_cancelled(tree_kind, python, children, first_line):
    """C058: who asked for the end may be cancelled; the end comes all the same, after its grace."""
    async with spawn(child(python, children, "ignores_sigterm.py")) as process:
        await first_line(process)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(process.terminate(0.4), 0.1)
        async with asyncio.timeout(2):
            outcome = await process.wait()
    assert (outcome.kind, outcome.forced) == (OutcomeKind.STOPPED, True)


@pytest.mark.parametrize(
    "options", [{"stdout": PTY, "stderr": NULL}, {"limits": Limits(nice=1)}], ids=["pty", "limits"]
)
async def test_cancelled_while_starting(tree_kind, options):
    """C058: the start of a job that needs the bootstrap can be cancelled at any moment of it."""
    for turn in range(12):
        task = asyncio.ensure_future(run(["sleep", "1000"], **options))
        await asyncio.sleep(turn * 0.003)
        await cancel(task)


async def test_cancelled_when_it_has_just_started(*, tree_kind, tmp_path, python, children, wait_until, is_alive):
    """C058: the program runs and has made a daemon, but the start was not yet noticed: all of it ends."""
    pidfile = tmp_path / "pid"

    async def live() -> None:
        async with spawn(child(python, children, "starts_a_daemon_at_once.py", pidfile), limits=Limits(nice=1)):
            await asyncio.sleep(1000)

    task = asyncio.ensure_future(live())
    await asyncio.sleep(0)
    while not pidfile.exists():
        time.sleep(0.01)  # blocking on purpose: the loop must not learn of the start
    daemon = int(pidfile.read_text())
    assert is_alive(daemon)
    await cancel(task)

    assert not is_alive(daemon)


async def test_cancelled_runs_leave_nothing(tree_kind):
    """C058: many buffered runs cancelled at once, at different ages."""
    tasks = []
    for _ in range(10):
        tasks.append(asyncio.ensure_future(run(["sh", "-c", "sleep 1000 | cat"], input="x" * 100_000)))
        await asyncio.sleep(0.002)
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)

    assert all(isinstance(each, asyncio.CancelledError) for each in ended)


async def test_a_task_group_ends_its_members(tree_kind, is_alive):
    """C058: one member of a task group fails: the others' processes have ended when the group is left."""
    pids = []

    async def live() -> None:
        async with spawn(["sleep", "1000"]) as process:
            pids.append(process.pid)
            await process.wait()

    async def fail_together() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(live())
            await asyncio.sleep(0.1)
            raise OSError

    with pytest.raises(ExceptionGroup):
        await fail_together()

    assert len(pids) == 5
    assert not any(map(is_alive, pids))


@pytest.mark.parametrize("way", ["background", "everybody", "interrupted", "exits", "buffered"])
def test_the_loop_is_shut_down_around_it(tree_kind, run_host, is_alive, way):
    """C058: however a host's event loop is brought down, nothing of its jobs is left when the host has ended."""
    said = run_host("is_cancelled.py", way, PROCESSION_CGROUP="off" if tree_kind == "session" else "on")

    pid = int(said.split()[0])
    assert not is_alive(pid)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        pytest.fail("a zombie of nobody")
