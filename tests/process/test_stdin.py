"""Writing to a running process: backpressure, ends, and children that do not listen."""

import asyncio
import os
import sys
import time

import pytest

from procession import NULL, PIPE, InputClosed, StreamUnavailable, run, shell, spawn

MIB = 1 << 20
QUICK = (sys.executable, "-I", "-S")


async def test_half_close():
    """After `close` the child reads its end of input, and what it prints then still comes."""
    async with spawn(["sort"], stdin=PIPE) as process:
        await process.stdin.write("b\n")
        await process.stdin.write(b"a\n")
        await process.stdin.close()

        assert await process.stdout.read() == b"a\nb\n"
        assert (await process.wait()).ok


async def test_a_slow_reader():
    """A child that reads slowly makes the writer wait; everything arrives, in order, before the end of input."""
    given = os.urandom(MIB)
    script = "import os, time\nwhile d := os.read(0, 16384): os.write(1, d); time.sleep(0.002)"
    async with spawn([*QUICK, "-c", script], stdin=PIPE) as process:
        reading = asyncio.ensure_future(process.stdout.read())
        began = time.monotonic()
        await process.stdin.write(given)
        took = time.monotonic() - began
        await process.stdin.close()

        assert await reading == given
        assert took > 0.05
        assert (await process.wait()).ok


async def test_writing_waits_for_the_reader():
    """Writing to a child that does not read waits, and can be cancelled; a later write goes on behind it."""
    async with spawn(shell("read _ < /dev/null; sleep 0.3; wc -c"), stdin=PIPE) as process:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await process.stdin.write(bytes(MIB))
        await process.stdin.write(b"12345")
        await process.stdin.close()
        counted = int(await process.stdout.read())

        assert counted == 65536 + 5


async def test_whole_writes_never_mix():
    """Writers that write at once are served one after the other."""
    parts = [bytes([letter]) * 200_000 for letter in b"abcde"]
    async with spawn(["cat"], stdin=PIPE) as process:
        reading = asyncio.ensure_future(process.stdout.read())
        await asyncio.gather(*(process.stdin.write(part) for part in parts))
        await process.stdin.close()
        got = await reading

    assert sorted(got[start : start + 200_000] for start in range(0, MIB - 48_576, 200_000)) == parts


async def test_closing_waits_for_the_writers():
    """Closing comes after the writes that were asked for before it."""
    async with spawn(["wc", "-c"], stdin=PIPE) as process:
        writing = asyncio.ensure_future(process.stdin.write(bytes(MIB)))
        await asyncio.sleep(0)
        await process.stdin.close()
        await writing

        assert int(await process.stdout.read()) == MIB


async def test_a_child_that_closed_its_input():
    """C016: writing to a child that closed its input raises InputClosed; the child lives on and its code is its own."""
    async with spawn(shell("exec 0<&-; echo closed; sleep 0.3; exit 6"), stdin=PIPE) as process:
        async for _ in process.stdout:
            break
        with pytest.raises(InputClosed) as raised:
            await process.stdin.write(bytes(MIB))

        assert "no longer reads" in str(raised.value)
        assert (await process.wait()).code == 6


async def test_a_child_that_ends_while_it_is_written_to():
    """C016: a write that waits for a child that ends raises InputClosed in bounded time, and so do later ones."""
    async with asyncio.timeout(5), spawn(["sleep", "0.2"], stdin=PIPE) as process:
        with pytest.raises(InputClosed):
            await process.stdin.write(bytes(MIB))
        assert (await process.wait()).ok
        with pytest.raises(InputClosed):
            await process.stdin.write(b"more")
        await process.stdin.close()


async def test_a_child_that_is_killed_while_it_is_written_to():
    """C016: the same when we end it ourselves."""
    async with asyncio.timeout(5), spawn(["sleep", "30"], stdin=PIPE) as process:
        writing = asyncio.ensure_future(process.stdin.write(bytes(MIB)))
        await asyncio.sleep(0.02)
        await process.kill()
        with pytest.raises(InputClosed):
            await writing


async def test_writing_after_closing():
    """Writing after `close` raises InputClosed, closing again does nothing."""
    async with spawn(["cat"], stdin=PIPE) as process:
        await process.stdin.close()
        await process.stdin.close()
        with pytest.raises(InputClosed):
            await process.stdin.write(b"late")


async def test_writing_nothing():
    """Empty writes are no end of input and no error."""
    async with spawn(["cat"], stdin=PIPE) as process:
        await process.stdin.write(b"")
        await process.stdin.write("")
        await process.stdin.write(b"x")
        await process.stdin.close()

        assert await process.stdout.read() == b"x"


async def test_input_that_nobody_closes():
    """A child that waits for the end of an input that its caller forgot is ended with the block."""
    async with asyncio.timeout(5), spawn(["cat"], stdin=PIPE, grace=2) as process:
        await process.stdin.write(b"x")

    assert not process.outcome.forced


async def test_large_copies_both_ways(children):
    """C015: writing and reading at once, by hand, 10 MiB each way, both outputs read at once."""
    given = os.urandom(10 * MIB)
    async with asyncio.timeout(20), spawn([*QUICK, children / "copies_to_both.py"], stdin=PIPE) as process:

        async def feed():
            await process.stdin.write(given)
            await process.stdin.close()

        feeding = asyncio.ensure_future(feed())
        got = {"stdout": [], "stderr": []}
        async for chunk in process.chunks():
            got[chunk.stream].append(chunk.data)
        await feeding

    assert b"".join(got["stdout"]) == given
    assert b"".join(got["stderr"]) == given


async def test_the_default_input_is_at_its_end():
    """Nothing given for standard input means an end of file at once, never our own input."""
    async with asyncio.timeout(5):
        assert (await run(["wc", "-c"])).stdout.strip() == "0"
    async with spawn(["cat"]) as process:
        with pytest.raises(StreamUnavailable, match="stdin"):
            _ = process.stdin


async def test_an_input_that_reads_as_ended():
    """NULL said aloud is the same."""
    assert (await run(["cat"], stdin=NULL)).stdout == ""


async def test_sigpipe_ends_a_writer_whose_reader_left():
    """C016: a child that prints to nobody gets SIGPIPE: its tree ends as it would in a shell."""
    result = await run(shell("(yes; echo $? >&2) | head -c 4"))

    assert result.stdout == "y\ny\n"
    assert result.stderr == "141\n"
