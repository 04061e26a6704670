"""Reading is the backpressure: who pauses makes the child wait, and whoever waits makes nobody wait for ever."""

import asyncio
import contextlib
import os
import sys
from pathlib import Path

import pytest

from procession import NULL, OutcomeKind, StreamUnavailable, run, shell, spawn

MIB = 1 << 20
PERIOD = bytes(range(251))
QUICK = (sys.executable, "-I", "-S")


@pytest.mark.parametrize(("size", "pause_s"), [(64 * MIB, 0.5), pytest.param(1024 * MIB, 5.0, marks=pytest.mark.long)])
async def test_a_consumer_that_pauses(children, size, pause_s):
    """C017: while the consumer rests the child blocks in write; then every byte comes in order; memory stays flat."""
    async with spawn([*QUICK, children / "prints_exactly.py", str(size)]) as process:
        before = _reset_peak()
        seen = _Check()
        async for chunk in process.stdout:
            seen.take(chunk)
            if seen.size - len(chunk) < size // 4 <= seen.size:
                await asyncio.sleep(pause_s / 2)
                written = _written_bytes(process.pid)
                await asyncio.sleep(pause_s / 2)

                assert _written_bytes(process.pid) == written
                assert written - seen.size <= MIB + 65536
        outcome = await process.wait()

    assert (seen.size, seen.is_exact) == (size, True)
    assert outcome.ok
    assert _peak() - before < 16 * MIB


async def test_slow_all_the_way(children):
    """C017: a consumer that rests after every chunk loses nothing and holds nothing."""
    size = 8 * MIB
    async with spawn([*QUICK, children / "prints_exactly.py", str(size)]) as process:
        before = _reset_peak()
        seen = _Check()
        async for chunk in process.stdout:
            seen.take(chunk)
            await asyncio.sleep(0.002)

    assert (seen.size, seen.is_exact) == (size, True)
    assert _peak() - before < 16 * MIB


async def test_memory_is_flat_with_a_limit():
    """A child that prints 1 GB into a `run` with a limit of 1 MB costs its caller a few MB, not 1,000."""
    before = _reset_peak()
    result = await run(["head", "-c", "1000000000", "/dev/zero"], output_limit_bytes=1_000_000, text=False)

    assert result.stdout_dropped_bytes == 999_000_000
    assert _peak() - before < 16 * MIB


async def test_memory_is_flat_for_tiny_writes(children):
    """The same for a child whose output comes in tiny pieces."""
    before = _reset_peak()
    script = "import os\nfor _ in range(60_000): os.write(1, b'tiny\\n')"
    result = await run([*QUICK, "-c", script], output_limit_bytes=100_000)

    assert result.stdout_dropped_bytes == 200_000
    assert _peak() - before < 16 * MIB


async def test_waiting_before_reading(children):
    """Waiting for a child that prints more than a pipe holds does not hang; its output can be read afterwards."""
    size = 10 * MIB
    async with spawn([*QUICK, children / "prints_exactly.py", str(size), str(size)]) as process:
        assert (await process.wait()).ok

        for output in (process.stdout, process.stderr):
            seen = _Check()
            seen.take(await output.read())
            assert (seen.size, seen.is_exact) == (size, True)
            assert await output.read() == b""


async def test_waiting_before_reading_is_bounded():
    """What `wait` collects is bounded by the output limit, head and tail."""
    async with spawn(["head", "-c", "50000000", "/dev/zero"], output_limit_bytes=MIB) as process:
        before = _reset_peak()
        await process.wait()
        kept = await process.stdout.read()

        assert MIB <= len(kept) < MIB + 100
        assert b"dropped" in kept
        assert _peak() - before < 16 * MIB


async def test_waiting_while_somebody_else_reads(children):
    """Whoever waits takes nothing away from whoever reads."""
    size = 4 * MIB
    async with spawn([*QUICK, children / "prints_exactly.py", str(size)]) as process:
        waiting = asyncio.ensure_future(process.wait())
        seen = _Check()
        async for chunk in process.stdout:
            seen.take(chunk)

        assert (await waiting).ok
    assert (seen.size, seen.is_exact) == (size, True)


async def test_reading_after_having_begun_to_wait(children):
    """What was collected for somebody who waits goes to whoever reads then, and is followed by the rest."""
    size = 4 * MIB
    async with spawn([*QUICK, children / "prints_exactly.py", str(size)]) as process:
        waiting = asyncio.ensure_future(process.wait())
        await asyncio.sleep(0.02)
        seen = _Check()
        async for chunk in process.stdout:
            seen.take(chunk)

        assert (await waiting).ok
    assert (seen.size, seen.is_exact) == (size, True)


async def test_breaking_off_and_waiting():
    """A consumer that breaks off and waits does not wait for ever for a child that prints on."""
    async with asyncio.timeout(10), spawn(["head", "-c", "3000000", "/dev/zero"]) as process:
        async for _ in process.stdout:
            break
        outcome = await process.wait()

    assert outcome.ok


async def test_breaking_off_while_somebody_waits():
    """The same when the wait began while the consumer still read."""
    async with asyncio.timeout(10), spawn(["head", "-c", "3000000", "/dev/zero"]) as process:
        waiting = asyncio.ensure_future(process.wait())
        await asyncio.sleep(0)
        async for _ in process.stdout:
            break

        assert (await waiting).ok


@pytest.mark.parametrize("how", ["lines", "line_batches", "chunks", "all lines"])
async def test_breaking_off_every_other_way(how):
    """The same for lines, for batches of lines, and for both streams at once."""
    script = shell("seq 200000; seq 200000 >&2")
    async with asyncio.timeout(10), spawn(script) as process:
        source = {
            "lines": process.stdout.lines,
            "line_batches": process.stdout.line_batches,
            "chunks": process.chunks,
            "all lines": process.lines,
        }[how]
        async for _ in source():
            break
        outcome = await process.wait()

    assert outcome.ok


async def test_breaking_off_and_reading_on(children):
    """Breaking off loses no byte: whoever reads next goes on where the last one stopped."""
    size = MIB
    async with spawn([*QUICK, children / "prints_exactly.py", str(size)]) as process:
        seen = _Check()
        while seen.size < size:
            async with contextlib.aclosing(aiter(process.stdout)) as chunks:
                seen.take(await anext(chunks))

    assert (seen.size, seen.is_exact) == (size, True)


async def test_breaking_off_both_streams_and_reading_on():
    """Breaking off from both streams at once loses nothing of either."""
    async with spawn(shell("printf out; printf err >&2; sleep 0.1; printf OUT; printf ERR >&2")) as process:
        await asyncio.sleep(0.05)  # both have something now
        got = {"stdout": b"", "stderr": b""}
        async with contextlib.aclosing(process.chunks()) as chunks:
            first = await anext(chunks)
        got[first.stream] += first.data
        got["stdout"] += await process.stdout.read()
        got["stderr"] += await process.stderr.read()

    assert got == {"stdout": b"outOUT", "stderr": b"errERR"}


async def test_leaving_the_block_while_it_floods(tree_kind):
    """Leaving the block ends a flooding child whether or not somebody has read of it."""
    for reads in (False, True):
        async with asyncio.timeout(10), spawn(["yes"], grace=2) as process:
            if reads:
                async for _ in process.stdout:
                    break

        assert process.outcome.kind is OutcomeKind.STOPPED
        assert not process.outcome.forced


async def test_two_consumers():
    """Each byte goes to one reader: a second one at the same time is told so, and harms nobody."""
    async with spawn(shell("echo a; sleep 0.2; echo b")) as process:
        first = aiter(process.stdout)
        assert await anext(first) == b"a\n"

        for second in (aiter(process.stdout), process.stdout.lines(), process.chunks(), process.lines()):
            with pytest.raises(StreamUnavailable, match="stdout"):
                await anext(second)
        with pytest.raises(StreamUnavailable):
            await process.stdout.read()
        assert await anext(first) == b"b\n"
        await first.aclose()


async def test_a_refused_consumer_of_both_streams_keeps_none():
    """Whoever is refused both streams because one is taken does not keep the other."""
    async with spawn(shell("echo out; echo err >&2; sleep 0.2")) as process:
        err = aiter(process.stderr)
        await anext(err)
        with pytest.raises(StreamUnavailable):
            await anext(process.chunks())

        assert await process.stdout.read() == b"out\n"
        await err.aclose()


async def test_cancelling_a_reader():
    """A read that is cancelled while it waits loses nothing; somebody else reads on."""
    async with spawn(shell("sleep 0.2; echo late")) as process:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await process.stdout.read()

        assert await process.stdout.read() == b"late\n"


async def test_cancelling_a_reader_that_has_something():
    """A `read` that is cancelled halfway gives back what it had."""
    async with spawn(shell("echo early; sleep 0.3; echo late")) as process:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await process.stdout.read()

        assert await process.stdout.read() == b"early\nlate\n"


async def test_cancelling_a_reader_at_any_moment(children):
    """However often readers are cancelled while bytes pour in, every byte is given out once."""
    size = 4 * MIB
    async with spawn([*QUICK, children / "prints_exactly.py", str(size)]) as process:
        seen, cancelled = _Check(), 0
        while seen.size < size:
            async with contextlib.aclosing(aiter(process.stdout)) as chunks:
                reading = asyncio.ensure_future(anext(chunks))
                await asyncio.sleep(0)
                if not reading.done():
                    cancelled += 1
                    reading.cancel()
                    await asyncio.wait([reading])
                    await asyncio.sleep(0.001)
                else:
                    seen.take(reading.result())

    assert (seen.size, seen.is_exact) == (size, True)
    assert cancelled


async def test_cancelling_a_wait():
    """Waiting can be cancelled and taken up again, by any number."""
    async with spawn(shell("sleep 0.2; echo late; exit 4")) as process:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await process.wait()
        outcomes = await asyncio.gather(*(process.wait() for _ in range(10)))

        assert {outcome.code for outcome in outcomes} == {4}
        assert await process.stdout.read() == b"late\n"


async def test_both_streams_full_while_one_is_read():
    """C015: a child that fills stderr while only stdout is read makes the reader wait; chunks() reads both."""
    async with asyncio.timeout(10), spawn(shell("head -c 1000000 /dev/zero >&2; echo done")) as process:
        sizes = {"stdout": 0, "stderr": 0}
        async for chunk in process.chunks():
            sizes[chunk.stream] += len(chunk.data)

    assert sizes == {"stdout": 5, "stderr": 1_000_000}


async def test_a_stream_that_is_not_connected():
    """Asking for a stream that goes elsewhere says so, and says what to do."""
    async with spawn(["true"], stdout=NULL) as process:
        with pytest.raises(StreamUnavailable) as raised:
            _ = process.stdout
        assert "stdout=PIPE" in raised.value.hint
        with pytest.raises(StreamUnavailable, match="stdin"):
            _ = process.stdin


class _Check:
    """Sees whether chunks continue the pattern without a gap."""

    def __init__(self) -> None:
        self.size = 0
        self.is_exact = True

    def take(self, chunk: bytes) -> None:
        expected = (PERIOD * (len(chunk) // len(PERIOD) + 2))[self.size % len(PERIOD) :][: len(chunk)]
        self.is_exact = self.is_exact and chunk == expected
        self.size += len(chunk)


def _written_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/io").read_text().split("wchar: ")[1].split()[0])


def _reset_peak() -> int:
    """Forget the greatest resident size so far; what it is now, in bytes."""
    Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> int:
    status = Path(f"/proc/{os.getpid()}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024
