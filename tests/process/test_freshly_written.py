"""Programs that were written an instant ago can be started, however many others are being started meanwhile."""

import asyncio

import pytest

from procession import Limits, run


async def spawn_on_and_on(stop: asyncio.Event) -> int:
    """Start one program after the other until told to stop; how many."""
    count = 0
    while not stop.is_set():
        await run(["true"])
        count += 1
    return count


async def write_and_run(tmp_path, times: int, **options) -> None:
    """Beside four busy starters, write, close, make executable, run and remove a script."""
    stop = asyncio.Event()
    busy = [asyncio.create_task(spawn_on_and_on(stop)) for _ in range(4)]
    for number in range(times):
        script = tmp_path / f"script{number}"
        script.write_text(f"#!/bin/sh\necho {number}\n")
        script.chmod(0o755)
        result = await run([script], **options)
        script.unlink()
        assert result.stdout == f"{number}\n"
    stop.set()
    assert all(await asyncio.gather(*busy))


@pytest.mark.parametrize("limits", [Limits(), Limits(nice=1)], ids=["directly", "through_bootstrap"])
async def test_a_script_written_an_instant_ago_runs(tmp_path, limits):
    """C013: 20 scripts, each run as soon as it is written, while four others start programs: none is busy."""
    await write_and_run(tmp_path, 20, limits=limits)


@pytest.mark.long
async def test_400_scripts_written_an_instant_ago_run(tmp_path, tree_kind):
    """C013: the same with 400 scripts."""
    await write_and_run(tmp_path, 400)


async def test_a_script_written_by_other_threads_meanwhile(tmp_path):
    """C013: nor does a start here hold open what another thread is writing just then, for longer than the patience."""
    stop = asyncio.Event()
    busy = [asyncio.create_task(spawn_on_and_on(stop)) for _ in range(2)]

    def write(number: int) -> None:
        script = tmp_path / f"script{number}"
        script.write_text("#!/bin/sh\nexit 7\n")
        script.chmod(0o755)

    for number in range(20):
        await asyncio.to_thread(write, number)
        assert (await run([tmp_path / f"script{number}"])).code == 7
    stop.set()
    await asyncio.gather(*busy)
