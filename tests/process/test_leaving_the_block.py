"""Leaving the block: however it is left, the whole tree has ended and is reaped when the next line runs."""

import asyncio
import os
import time

import pytest

from procession import PIPE, OutcomeKind, State, run, spawn


class Disturbance(Exception):
    """What a careless body raises."""


async def test_leaving_ends_what_still_runs(tree_kind, is_alive):
    """C044: a block that is simply left ends its tree, politely, on the wish of its user."""
    async with spawn(["sh", "-c", "sleep 1000 & sleep 1000"]) as process:
        pass

    assert process.outcome is not None
    assert process.outcome.kind is OutcomeKind.STOPPED
    assert process.outcome.stopped_by == "user"
    assert process.state is State.ENDED
    assert not is_alive(process.pid)


async def test_an_exception_in_the_block_comes_out_when_all_is_gone(tree_kind, is_alive):
    """C044: an exception is raised to the caller unchanged, after the tree has ended."""
    with pytest.raises(Disturbance):
        async with spawn(["sleep", "1000"]) as process:
            raise Disturbance

    assert not is_alive(process.pid)
    assert process.outcome.stopped_by == "user"


async def test_leaving_after_the_end_is_instant(tree_kind):
    """C044: a block whose process has ended by itself is left without a pause, a signal or a change of the verdict."""
    events = []
    async with spawn(["true"], on_event=events.append) as process:
        outcome = await process.wait()
        began = time.monotonic()
    assert time.monotonic() - began < 0.2
    assert process.outcome == outcome
    assert "signalled" not in [event.name for event in events]


async def test_leaving_gives_the_grace_to_descendants_too(tree_kind, tmp_path, python, children):
    """C044: descendants that outlive their leader get SIGTERM and the grace, not SIGKILL."""
    marker = tmp_path / "marker"
    polite = f"{python} -I -S {children}/ends_politely.py 0 {marker}"
    async with spawn(["sh", "-c", f"{polite} & read line"], stdin=PIPE) as process:
        async for line in process.stdout.lines():
            assert line == "ready"
            break
        await process.stdin.close()
        await process.wait()
        assert not marker.exists()

    assert marker.exists()


async def test_run_ends_what_outlives_the_leader(tree_kind, is_alive):
    """C044: run() leaves nothing behind either; its result is that of the leader."""
    result = await run(["sh", "-c", "sleep 1000 & echo $!; exit 3"])

    assert result.code == 3
    assert result.leaked
    assert not is_alive(int(result.stdout))


async def test_nested_blocks_end_from_the_inside_out(tree_kind, is_alive):
    """C044: many blocks at once, left at once, end all of theirs."""
    async with asyncio.timeout(10):
        pids = await asyncio.gather(*(live_briefly() for _ in range(10)))

    assert not any(map(is_alive, pids))


async def live_briefly() -> int:
    """Enter a block and leave it; the pid."""
    async with spawn(["sh", "-c", "sleep 1000 | sleep 1000"]) as process:
        return process.pid


async def test_a_forked_copy_of_the_host_ends_nobody(tree_kind, is_alive):
    """C051: a host that forks (as multiprocessing does) keeps its children when the copy ends, however it ends."""
    async with spawn(["sleep", "1000"]) as process:
        pid = os.fork()
        if not pid:
            os._exit(0)
        os.waitpid(pid, 0)
        assert is_alive(process.pid)
        async with spawn(["true"]) as next_one:
            assert (await next_one.wait()).ok


@pytest.mark.parametrize("way", ["returns", "exits", "raises"])
def test_multiprocessing_in_the_host(tree_kind, run_host, way):
    """C051: copies of the host that run processes of their own do not disturb its own, nor the other way round."""
    said = run_host(
        "forks_while_it_hosts.py", way, PROCESSION_CGROUP="off" if tree_kind == "session" else "on", within_s=20
    )

    assert said.splitlines()[-1] == "undisturbed"
