"""What tasks print: every byte, in bounded time, however they end."""

import asyncio
import sys
import time

import pytest

from procession.model.command import shell
from procession.model.stdio import PIPE

QUICK = [sys.executable, "-I", "-S"]
PERIOD = bytes(range(251))


@pytest.mark.parametrize("size", [1, 4096, 65_535, 65_536, 65_537])
async def test_a_burst_before_the_exit(mode, children, size):
    """C020: what is printed in one go before the exit is whole, each time."""
    ids = [await mode.submit([*QUICK, children / "prints_exactly.py", str(size), str(size)]) for _ in range(5)]
    expected = (PERIOD * (size // 251 + 1))[:size]
    for id_ in ids:
        assert (await mode.wait(id_)).ok
        assert await mode.stdout(id_) == expected
        assert await mode.stderr(id_) == expected


async def test_a_grandchild_keeps_the_output(mode):
    """C021: who leaves a background process that holds the output ends at once, with its output and its own code."""
    began = time.monotonic()
    view = await mode.run(shell("sleep 30 & echo hi; exit 3"))

    assert time.monotonic() - began < 2
    assert (view.outcome.kind, view.outcome.code, view.outcome.leaked) == ("failed", 3, False)
    assert await mode.stdout(view.id) == b"hi\n"


async def test_a_time_out_with_a_grandchild(mode):
    """C022: a time-out ends the whole tree in time, with what was printed until then."""
    began = time.monotonic()
    view = await mode.run(shell("echo begun; sleep 30 & wait").replace(timeout_s=0.4, grace_s=1.0))

    assert 0.35 < time.monotonic() - began < 2
    assert (view.outcome.kind, view.outcome.stopped_by) == ("timed_out", "timeout")
    assert await mode.stdout(view.id) == b"begun\n"


async def test_closing_the_output_is_not_the_end(mode):
    """C023: a program that closes its output runs on, and has its code in the end."""
    id_ = await mode.submit(shell("echo out; exec >&- 2>&-; sleep 0.5; exit 3"))
    await mode.when_printed(id_, b"out\n")
    assert (await mode.get(id_)).state == "running"

    assert (await mode.wait(id_)).outcome.code == 3
    assert await mode.stdout(id_) == b"out\n"


async def test_what_is_no_line_yet_is_there(mode):
    """C026: a prompt without a newline can be read while the program waits; returns and colours are kept."""
    command = shell("printf '10%%\\r20%%\\r30%%\\n\\033[31mred\\033[0m Password: '; read answer; echo $answer")
    id_ = await mode.submit(command.replace(stdin=PIPE))
    printed = await mode.when_printed(id_, b"Password: ")
    await mode.write_input(id_, b"secret\n", end=True)

    assert printed == b"10%\r20%\r30%\n\x1b[31mred\x1b[0m Password: "
    assert (await mode.wait(id_)).ok
    assert await mode.stdout(id_) == printed + b"secret\n"


async def test_input_reaches_a_task_whole(mode):
    """C015: a megabyte of input, given in pieces, comes back whole, and its end is seen."""
    id_ = await mode.submit(shell("wc -c; echo done").replace(stdin=PIPE))
    await mode.when(id_, lambda view: view.state == "running")
    for _ in range(16):
        await mode.write_input(id_, b"x" * 65_536)
    await mode.write_input(id_, b"", end=True)

    assert (await mode.wait(id_)).ok
    assert await mode.stdout(id_) == b"1048576\ndone\n"


async def test_a_task_that_prints_is_read_while_it_runs(mode):
    """C020: each piece can be read as soon as it was printed."""
    id_ = await mode.submit(shell("for i in 1 2 3; do echo $i; sleep 0.1; done; sleep 30"))
    assert await mode.when_printed(id_, b"3\n") == b"1\n2\n3\n"
    assert (await mode.get(id_)).state == "running"
    await asyncio.wait_for(mode.stop(id_), 5)
