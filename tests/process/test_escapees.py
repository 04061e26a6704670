"""Descendants that try to get away: what ends them, and what is stated where nothing can know them."""

import asyncio
import os
import signal

import pytest

from procession import spawn

KILL_LIMIT_S = 4.0


async def daemons_of(process, first_line) -> list[int]:
    """The pids of the daemons, once they are daemons."""
    return [int(pid) for pid in (await first_line(process)).split()]


def child(python, children, name, *arguments):
    """One of the programs that misbehave."""
    return [python, "-I", "-S", children / name, *map(str, arguments)]


async def test_a_setsid_escapee_dies_too(tree_kind, is_alive):
    """C046: `setsid sleep` is outside the group and the session, and dies with its job."""
    async with spawn(["sh", "-c", "setsid sleep 1000 & echo $!; wait"]) as process:
        async for line in process.stdout.lines():
            escapee = int(line)
            break
        await process.terminate(1.0)

    assert not is_alive(escapee)


async def test_daemons_of_a_job_die_with_it(tree_kind, first_line, is_alive, python, children):
    """C046: double-forked daemons in sessions of their own, children of PID 1, are members and die."""
    async with spawn(child(python, children, "becomes_daemons.py", 3)) as process:
        daemons = await daemons_of(process, first_line)
        assert {member.pid for member in process.tree()} == {process.pid, *daemons}
        await process.kill()
        assert not any(map(is_alive, daemons))


async def test_daemons_die_when_the_leader_is_long_gone(tree_kind, first_line, is_alive, python, children):
    """C046: what is left of a tree whose leader was killed from outside still ends when the block is left."""
    async with spawn(child(python, children, "becomes_daemons.py", 2)) as process:
        daemons = await daemons_of(process, first_line)
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        assert all(map(is_alive, daemons))

    assert not any(map(is_alive, daemons))


async def test_an_escapee_without_environment(tree_kind, first_line, is_alive, python, children):
    """C048: setsid, a double fork and an empty environment do not help against a control group.

    Without one such a process cannot be known: the tree says that it is not exact, and nothing else is harmed.
    """
    async with spawn(child(python, children, "becomes_daemons.py", 1, "clear")) as process:
        (escapee,) = await daemons_of(process, first_line)
        outcome = await process.kill()
        assert outcome.survivors == ()

    try:
        assert process.is_tree_exact == (tree_kind == "control_group")
        assert is_alive(escapee) == (tree_kind == "session")
    finally:
        if tree_kind == "session":
            os.kill(escapee, signal.SIGKILL)


async def test_an_escapee_that_stays_in_the_session_needs_no_environment(tree_kind, first_line, is_alive):
    """C048: a member that cleared its environment, but stayed in the session, is known by that and dies."""
    async with spawn(["sh", "-c", "(env -i sleep 1000 & echo $!) ; sleep 1000"]) as process:
        escapee = int(await first_line(process))
        await process.kill()
        assert not is_alive(escapee)


@pytest.mark.parametrize("pause_s", [0.01, 0.001, 0.0])
async def test_a_process_that_never_stays_is_caught(tree_kind, first_line, python, children, pause_s):
    """C044: one that forks, exits and leaves its session, for ever, is ended; emptiness is never declared too early."""
    async with spawn(child(python, children, "hops.py", pause_s)) as process:
        await first_line(process)
        await asyncio.sleep(0.05)
        async with asyncio.timeout(KILL_LIMIT_S):
            outcome = await process.kill()
        assert outcome.survivors == ()

    # what hops on would be found, and named, when this test is over


@pytest.mark.parametrize("pause_s", [0.02, 0.002])
async def test_one_that_forks_for_ever_is_ended_with_all_it_made(tree_kind, first_line, python, children, pause_s):
    """C044: new members are made faster than they could be listed, and nothing is left when kill returns."""
    async with spawn(child(python, children, "forks_for_ever.py", pause_s)) as process:
        await first_line(process)
        await asyncio.sleep(0.2)
        async with asyncio.timeout(KILL_LIMIT_S):
            outcome = await process.kill()
        assert outcome.survivors == ()
        assert process.tree() == []


@pytest.mark.long
async def test_hoppers_are_caught_every_time(tree_kind, first_line, python, children):
    """C044, long form: 200 times, at three speeds."""
    for turn in range(200):
        async with spawn(child(python, children, "hops.py", (0.0, 0.001, 0.01)[turn % 3])) as process:
            await first_line(process)
            outcome = await process.kill()
            assert outcome.survivors == ()
