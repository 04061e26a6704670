"""A child that floods has the loop to itself never: whatever it does, a ticker beside it keeps ticking."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator

import pytest

from procession import PIPE, PTY, Log, run, shell, spawn

QUICK = (sys.executable, "-I", "-S")
FLOOD_BYTES = 200_000_000
LATENESS_LIMIT_S = 0.1
LINES = shell("yes 'a line like any other' | head -c 20000000")

pytestmark = [pytest.mark.timeout(60), pytest.mark.serial]


async def test_while_a_run_is_flooded():
    """A child at full speed into `run` does not hold up the loop."""
    async with _ticking():
        result = await run(["head", "-c", str(FLOOD_BYTES), "/dev/zero"], output_limit_bytes=1_000_000, text=False)

    assert result.stdout_dropped_bytes == FLOOD_BYTES - 1_000_000


async def test_while_chunks_are_iterated():
    """Nor does a consumer that takes chunks as fast as they come."""
    async with _ticking(), spawn(["head", "-c", str(FLOOD_BYTES), "/dev/zero"]) as process:
        size = 0
        async for chunk in process.stdout:
            size += len(chunk)

    assert size == FLOOD_BYTES


async def test_while_chunks_are_pondered():
    """Nor does one that takes its time over every chunk, so that the next one is always there already."""
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    others = asyncio.ensure_future(take_turns())
    streaks, before = [0], 0
    async with spawn(["head", "-c", "10000000", "/dev/zero"]) as process:
        async for _ in process.stdout:
            _work(0.002)
            streaks.append(streaks[-1] + 1 if turns == before else 0)
            before = turns
    others.cancel()
    await asyncio.wait([others])

    assert max(streaks) < 16


async def test_while_both_streams_are_iterated():
    """Nor one that takes both streams at once."""
    script = shell(f"head -c {FLOOD_BYTES // 4} /dev/zero & head -c {FLOOD_BYTES // 4} /dev/zero >&2; wait")
    async with _ticking(), spawn(script) as process:
        sizes = {"stdout": 0, "stderr": 0}
        async for chunk in process.chunks():
            sizes[chunk.stream] += len(chunk.data)

    assert set(sizes.values()) == {FLOOD_BYTES // 4}


@pytest.mark.parametrize("how", ["lines", "line_batches", "all lines"])
async def test_while_lines_are_iterated(how):
    """Nor one that takes lines, singly or in batches."""
    async with _ticking(), spawn(LINES) as process:
        source = {
            "lines": process.stdout.lines,
            "line_batches": process.stdout.line_batches,
            "all lines": process.lines,
        }
        count = 0
        async for item in source[how]():
            count += len(item) if isinstance(item, list) else 1

    assert count == -(-20_000_000 // len("a line like any other\n"))


async def test_while_a_child_is_fed():
    """Nor does a child that takes its input as fast as we can give it."""
    async with _ticking():
        result = await run(["wc", "-c"], input=bytes(FLOOD_BYTES // 2))

    assert int(result.stdout) == FLOOD_BYTES // 2


async def test_while_a_terminal_floods():
    """Nor does a terminal."""
    async with _ticking(), spawn(["head", "-c", "5000000", "/dev/zero"], stdin=PTY, stdout=PTY) as process:
        size = len(await process.stdout.read())

    assert size == 5_000_000


async def test_while_a_log_is_followed(tmp_path):
    """Nor does following a log at full speed, with its arrivals noted and its bound kept."""
    log = Log(str(tmp_path / "log"), limit_bytes=10_000_000)
    async with _ticking(), spawn(["head", "-c", str(FLOOD_BYTES), "/dev/zero"], stdout=log) as process:
        end = 0
        async for piece in process.stdout.follow():
            end = piece.end

    assert end == FLOOD_BYTES


async def test_one_flood_does_not_starve_another_process():
    """While one child floods, another answers at once."""
    async with spawn(["yes"], grace=1) as flood, spawn(["cat"], stdin=PIPE) as other:

        async def swallow():
            async for _ in flood.stdout:
                pass

        swallowing = asyncio.ensure_future(swallow())
        longest = 0.0
        async with contextlib.aclosing(other.stdout.lines()) as lines:
            for number in range(50):
                began = time.monotonic()
                await other.stdin.write(f"{number}\n")
                assert await anext(lines) == str(number)
                longest = max(longest, time.monotonic() - began)
        await flood.kill()
        await swallowing

    assert longest < LATENESS_LIMIT_S * 5


def _work(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


@contextlib.asynccontextmanager
async def _ticking() -> AsyncIterator[None]:
    """Tick every 5 ms; nearly all ticks must be in time, and none very late: the machine is shared."""
    lateness: list[float] = []

    async def tick() -> None:
        while True:
            due = time.monotonic() + 0.005
            await asyncio.sleep(0.005)
            lateness.append(time.monotonic() - due)

    ticking = asyncio.ensure_future(tick())
    try:
        yield
    finally:
        ticking.cancel()
        await asyncio.wait([ticking])
    in_time = sorted(lateness)[: max(len(lateness) * 9 // 10, 1)]

    assert in_time[-1] < LATENESS_LIMIT_S
    assert max(lateness) < LATENESS_LIMIT_S * 5
