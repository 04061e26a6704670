"""descendants="keep": what may outlive its block, and what may not."""

import contextlib
import os
import signal

import pytest

from procession import PIPE, InvalidCommand, run, spawn

LEAVES_ONE = ["sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $!; exit 3"]


@contextlib.contextmanager
def ended_at_last(pid: int):
    """What was kept on purpose ends with the test."""
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


async def test_what_outlives_its_leader_is_kept_if_asked(tree_kind, is_alive):
    """C053: the leader has ended, its descendant lives on after the block; the record is the leader's."""
    async with spawn(LEAVES_ONE, descendants="keep") as process:
        kept = int(await process.stdout.read())
        outcome = await process.wait()
    with ended_at_last(kept):
        assert outcome.code == 3
        assert is_alive(kept)
        assert [member.pid for member in process.tree()] == [kept]


async def test_run_keeps_too(tree_kind, is_alive):
    """C053: the same for run()."""
    result = await run(LEAVES_ONE, descendants="keep")
    with ended_at_last(int(result.stdout)):
        assert is_alive(int(result.stdout))
        assert not result.leaked


async def test_by_default_nothing_is_kept(tree_kind, is_alive):
    """C053: the other column of the table."""
    result = await run(LEAVES_ONE)

    assert not is_alive(int(result.stdout))


async def test_a_leader_that_lives_is_not_kept(tree_kind, is_alive):
    """C053: a block that is left before its leader has ended ends all of it, kept descendants or not."""
    script = "sleep 1000 >/dev/null 2>&1 & echo $!; read line"
    async with spawn(["sh", "-c", script], stdin=PIPE, descendants="keep") as process:
        async for line in process.stdout.lines():
            member = int(line)
            break

    assert not is_alive(process.pid)
    assert not is_alive(member)


async def test_what_is_kept_can_still_be_ended(tree_kind, is_alive):
    """C053: within the block and after it, terminate reaches what was kept."""
    async with spawn(LEAVES_ONE, descendants="keep") as process:
        kept = int(await process.stdout.read())
        await process.wait()
    with ended_at_last(kept):
        outcome = await process.terminate(1.0)
        assert outcome.code == 3
        assert not is_alive(kept)


async def test_a_time_out_keeps_nobody(tree_kind, is_alive):
    """C053: asked to end, the whole tree ends, keep or not."""
    script = "sleep 1000 >/dev/null 2>&1 & echo $!; sleep 1000"
    result = await run(["sh", "-c", script], descendants="keep", timeout=0.3)

    assert result.timed_out
    assert not is_alive(int(result.stdout))


async def test_a_leaf_with_somebody_in_it_is_not_used_again(tree_kind, is_alive):
    """C051, C053: what was kept is in nobody else's tree afterwards, however many jobs follow and are killed."""
    first = await run(LEAVES_ONE, descendants="keep")
    kept = int(first.stdout)
    with ended_at_last(kept):
        for _ in range(5):
            async with spawn(["sleep", "1000"]) as process:
                assert kept not in [member.pid for member in process.tree()]
                await process.kill()
        assert is_alive(kept)


@pytest.mark.parametrize("ending", ["returns", "SIGTERM", "SIGKILL"])
def test_what_was_kept_survives_its_host(tree_kind, run_host, is_alive, ending):
    """C053: kept descendants outlive the host, whether it returns, is terminated or killed."""
    said = run_host("keeps_a_descendant.py", ending, PROCESSION_CGROUP="off" if tree_kind == "session" else "on")

    kept = int(said.split()[0])
    with ended_at_last(kept):
        assert is_alive(kept)


@pytest.mark.parametrize("given", ["", "kill", None, True])
def test_there_are_two_ways_only(given):
    """C053: end or keep; anything else is refused before anything is started."""
    with pytest.raises(InvalidCommand):
        spawn(["true"], descendants=given)
