"""Ends of output, exits, and who holds what open: separate facts, and none holds up another."""

import asyncio
import os
import sys
import time

import pytest

from procession import Log, OutcomeKind, StreamUnavailable, run, shell, spawn
from procession.model.event import Closed, Exited, OutputEnded, OutputLeaked

QUICK = (sys.executable, "-I", "-S")
PERIOD = bytes(range(251))
SIZES = (1, 4096, 65_535, 65_536, 65_537)


async def test_a_grandchild_keeps_the_pipe_open(tree_kind):
    """C021: the exit is told at once and the result comes after the leak grace: *leaked*, with what was printed."""
    events = []
    began = time.monotonic()
    async with spawn(shell("sleep 30 & echo hi; exit 0"), on_event=events.append, leak_grace=0.3) as process:
        outcome = await process.wait()
        took = time.monotonic() - began

        assert (outcome.code, outcome.leaked, outcome.kind) == (0, True, OutcomeKind.SUCCEEDED)
        assert await process.stdout.read() == b"hi\n"
        assert 0.3 <= took < 1
    exited = next(event.at for event in events if isinstance(event, Exited))
    closed = next(event.at for event in events if isinstance(event, Closed))
    assert closed - exited >= 0.25
    assert {event.stream for event in events if isinstance(event, OutputLeaked)} == {"stdout", "stderr"}
    assert not any(isinstance(event, OutputEnded) for event in events)


async def test_a_run_with_a_grandchild_that_stays(tree_kind):
    """C021: `run` gives the output and says that it leaked; nothing waits 30 s, and the grandchild is ended."""
    began = time.monotonic()
    result = await run(shell("sleep 30 & echo hi; exit 0"), grace=1)

    assert time.monotonic() - began < 2
    assert (result.code, result.stdout, result.leaked, result.ok) == (0, "hi\n", True, True)


async def test_a_leak_while_lines_are_read(tree_kind):
    """C021: whoever reads comes to an end, too."""
    async with asyncio.timeout(5), spawn(shell("sleep 30 & echo hi"), grace=1) as process:
        assert [line async for line in process.stdout.lines()] == ["hi"]
        assert (await process.wait()).leaked


async def test_only_one_stream_leaks(tree_kind):
    """C021: a grandchild that holds stderr alone leaks stderr alone; stdout has its ordinary end."""
    events = []
    async with spawn(shell("sleep 30 >&- & echo hi"), on_event=events.append, grace=1) as process:
        outcome = await process.wait()

    assert outcome.leaked
    assert [event.stream for event in events if isinstance(event, OutputLeaked)] == ["stderr"]
    assert [event.stream for event in events if isinstance(event, OutputEnded)] == ["stdout"]


async def test_a_grandchild_that_holds_nothing_is_no_leak(tree_kind):
    """C021: a grandchild that closed its outputs is no leak, and takes no grace."""
    began = time.monotonic()
    async with spawn(shell("sleep 30 >&- 2>&- & echo hi"), leak_grace=5, grace=1) as process:
        assert not (await process.wait()).leaked
        assert time.monotonic() - began < 2


async def test_a_grandchild_that_ends_within_the_grace(children):
    """C021: what a grandchild prints within the leak grace belongs to the result, and nothing has leaked then."""
    result = await run([*QUICK, children / "leaves_a_talker.py", "0.1", "0"], leak_grace=5)

    assert (result.stdout, result.leaked) == ("hi\nlate\n", False)
    assert result.duration_s < 3


async def test_later_output_of_a_grandchild(children, tmp_path):
    """C021: after the leak grace a grandchild's output is not part of the result, be it a pipe or a log."""
    program = [*QUICK, children / "leaves_a_talker.py", "0.5", "0"]
    path = str(tmp_path / "log")
    piped = await run(program, grace=5)
    async with spawn(program, stdout=Log(path), stderr=Log(path)) as process:
        outcome = await process.wait()
        logged = await process.stdout.read()

        assert (outcome.code, logged) == (0, b"hi\n")
    assert (piped.stdout, piped.leaked) == ("hi\n", True)


async def test_a_kept_grandchild_goes_on(children, tmp_path, wait_until):
    """C021: with ``descendants="keep"`` and a log a grandchild goes on writing; with a pipe it meets SIGPIPE."""
    path = tmp_path / "log"
    program = [*QUICK, children / "leaves_a_talker.py", "0.3", "0"]
    async with spawn(program, stdout=Log(str(path)), stderr=Log(str(path)), descendants="keep") as process:
        assert (await process.wait()).ok
    await wait_until(lambda: path.read_bytes() == b"hi\nlate\n")


async def test_a_flooding_grandchild(tree_kind):
    """C021: a grandchild that floods after the leader's end delays the end by the leak grace, no more."""
    began = time.monotonic()
    result = await run(shell("yes & exit 5"), output_limit_bytes=100_000, grace=1, leak_grace_s=0.5)

    assert time.monotonic() - began < 2
    assert (result.code, result.leaked) == (5, True)
    assert result.stdout.startswith("y\ny\n")


async def test_a_timeout_with_a_grandchild(tree_kind):
    """C022: time-out, grace and leak grace bound the end; the partial output is there and the tree is dead."""
    began = time.monotonic()
    async with spawn(shell("echo before; sleep 30 & wait"), timeout=0.3, grace=1) as process:
        outcome = await process.wait()

        assert time.monotonic() - began < 0.3 + 1 + 0.1 + 2
        assert outcome.kind is OutcomeKind.TIMED_OUT
        assert process.tree() == []
        assert await process.stdout.read() == b"before\n"


async def test_closing_the_outputs_is_not_exiting():
    """C023: the ends of both outputs are told at once; the job runs on, and its code comes with its exit."""
    events = []
    script = shell("exec 1>&- 2>&-; sleep 0.5; exit 3")
    async with spawn(script, on_event=events.append) as process:
        waiting = asyncio.ensure_future(process.wait())
        assert await process.stdout.read() == b""
        assert process.exit is None
        assert (await waiting).code == 3
    ended = [event for event in events if isinstance(event, OutputEnded)]
    exited = next(event for event in events if isinstance(event, Exited))

    assert {event.stream for event in ended} == {"stdout", "stderr"}
    assert all(exited.at - event.at > 0.3 for event in ended)


async def test_closing_one_output():
    """C023: after the end of stdout stderr goes on, also for whoever reads both at once."""
    async with spawn(shell("echo a; exec 1>&-; sleep 0.1; echo b >&2; exit 4")) as process:
        lines = [(line.stream, line.text) async for line in process.lines()]
        outcome = await process.wait()

    assert lines == [("stdout", "a"), ("stderr", "b")]
    assert outcome.code == 4


@pytest.mark.parametrize("size", SIZES)
async def test_burst_then_exit(children, size):
    """C020: a burst before the exit is whole, however late the reader; who reads at once sees *closed* after it."""
    await _burst(children, size, 4)


@pytest.mark.long
@pytest.mark.parametrize("size", SIZES)
async def test_burst_then_exit_many_times(children, size):
    """C020: the same 500 times for each size."""
    await _burst(children, size, 500)


async def test_reading_after_the_end(children):
    """C020: output that nobody read before the exit and the wait is there afterwards, within the block."""
    async with spawn([*QUICK, children / "prints_exactly.py", "65536", "1"]) as process:
        await process.wait()

        assert await process.stdout.read() == PERIOD * 261 + PERIOD[: 65536 - 261 * 251]
        assert await process.stderr.read() == b"\0"
    assert await process.stdout.read() == b""


async def test_a_busy_loop_loses_nothing(children):
    """C020: a caller that blocks the loop for longer than the leak grace, just when the child ends, loses nothing."""

    def block(event):
        if isinstance(event, Exited):
            for _ in range(3):
                asyncio.get_running_loop().call_soon(time.sleep, 0.15)

    async with spawn([*QUICK, children / "prints_exactly.py", "65536", "65536"], on_event=block) as process:
        outcome = await process.wait()

        assert (outcome.ok, outcome.leaked) == (True, False)
        assert len(await process.stdout.read()) == 65536
        assert len(await process.stderr.read()) == 65536


async def test_events_come_in_order(children):
    """C020: started, then the ends in any order, then closed, exactly once each."""
    events = []
    async with spawn([*QUICK, children / "prints_exactly.py", "65536", "10"], on_event=events.append) as process:
        await process.wait()
    names = [event.name for event in events if event.name != "tree_empty"]

    assert names[:2] == ["starting", "started"]
    assert sorted(names[2:5]) == ["exited", "output_ended", "output_ended"]
    assert names[5:] == ["closed"]


async def test_the_streams_are_closed_with_the_block():
    """After the block its pipes are gone: reading gives the end, asking for input says that it is closed."""
    async with spawn(["sleep", "30"], grace=1) as process:
        held = len(os.listdir("/proc/self/fd"))
    assert len(os.listdir("/proc/self/fd")) < held
    assert await process.stdout.read() == b""
    with pytest.raises(StreamUnavailable):
        _ = process.stdin


async def _burst(children, size, times):
    argv = [*QUICK, children / "prints_exactly.py", str(size)]
    expected = (PERIOD * (size // 251 + 1))[:size]
    for number in range(times):
        events, is_late = [], bool(number % 2)
        async with spawn(argv, on_event=events.append) as process:
            if is_late:
                await asyncio.sleep(0.03)
            got, was_closed = b"", False
            async for chunk in process.stdout:
                got += chunk
                was_closed = was_closed or any(isinstance(event, Closed) for event in events)
            outcome = await process.wait()

        assert got == expected
        assert outcome.ok
        assert is_late or not was_closed
