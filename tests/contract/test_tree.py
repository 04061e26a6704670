"""The whole tree of a task: all of it ends, nobody else does."""

import asyncio
import os
import signal
import subprocess
import sys
import time

import pytest

from procession.model.command import shell
from procession.process.cgroup_tree import find_base

QUICK = [sys.executable, "-I", "-S"]


async def test_an_ordinary_tree(mode):
    """C044: of a shell with a job in the background and a pipeline nothing lives when stop returns."""
    id_ = await mode.submit(shell("sleep 1000 & sleep 1000 | sleep 1000 & echo ready; wait"))
    await mode.when_printed(id_)
    assert len(mode.members(id_)) >= 4
    view = await mode.stop(id_)

    assert mode.members(id_) == []
    assert (view.outcome.kind, view.outcome.signal, view.outcome.forced) == ("stopped", signal.SIGTERM, False)


async def test_orphans_are_reaped(mode):
    """C045: two hundred orphans of a task leave no zombie with whoever is the parent."""
    view = await mode.run(shell("i=0; while [ $i -lt 200 ]; do (/bin/true &); i=$((i+1)); done"))

    assert view.ok
    listed = subprocess.run(["ps", "-o", "stat=", "--ppid", str(mode.parent)], capture_output=True, text=True)
    assert [line for line in listed.stdout.split() if line.startswith("Z")] == []


@pytest.mark.parametrize("act", ["stop", "kill"])
async def test_who_left_the_session(mode, act):
    """C046: `setsid sleep` is outside the group and the session, and ends with its task."""
    id_ = await mode.submit(shell("setsid sleep 1000 & setsid sleep 1000 & echo ready; wait"))
    await mode.when_printed(id_)
    await getattr(mode, act)(id_)

    assert mode.members(id_) == []


async def test_who_also_cleared_the_environment(mode, children, is_alive):
    """C048: setsid, a double fork and an empty environment do not help against a control group."""
    if find_base() is None:
        pytest.skip("no writable control group here")
    id_ = await mode.submit([*QUICK, children / "becomes_daemons.py", "2", "clear"])
    daemons = [int(pid) for pid in (await mode.when_printed(id_)).split()]
    assert all(map(is_alive, daemons))
    await mode.kill(id_)

    assert not any(map(is_alive, daemons))


async def test_the_leader_ends_first(mode):
    """C049: the exit is told at once; what it left is ended before the task is over."""
    began = time.monotonic()
    view = await mode.run(shell("sleep 1000 >/dev/null 2>&1 & exit 0"))

    assert time.monotonic() - began < 2
    assert (view.outcome.kind, view.outcome.code) == ("succeeded", 0)
    assert mode.members(view.id) == []


async def test_never_anybody_else(mode, children, is_alive):
    """C051: killing one task, with members in groups of their own, harms neither siblings nor us nor the parent."""
    bystander = subprocess.Popen(["sleep", "1000"])
    try:
        sibling = await mode.submit(["sleep", "1000"])
        id_ = await mode.submit([*QUICK, children / "spreads_over_groups.py"])
        await mode.when_printed(id_)
        assert len({os.getpgid(pid) for pid in mode.members(id_)}) == 3
        await mode.kill(id_)

        assert mode.members(id_) == []
        assert (await mode.get(sibling)).state == "running"
        assert is_alive(bystander.pid)
        assert is_alive(mode.parent)
    finally:
        bystander.kill()
        bystander.wait()
    await mode.stop(sibling)


async def test_while_processes_come_and_go(mode):
    """C054: trees are paused, stopped and killed in a storm of short processes; only members are hit."""
    storm = await mode.submit(shell("while :; do /bin/true & /bin/true & wait; done"))
    for number in range(12):
        id_ = await mode.submit(shell("sleep 1000 & echo ready; while :; do /bin/true; done"))
        await mode.when_printed(id_)
        await mode.suspend(id_)
        await (mode.stop if number % 2 else mode.kill)(id_)
        assert mode.members(id_) == []

    assert (await mode.get(storm)).state == "running"
    assert (await mode.kill(storm)).outcome.kind == "stopped"


async def test_one_that_forks_for_ever(mode, children):
    """C044: one that forks all the time, faster than it can be listed, is ended with all it made."""
    for act in (mode.kill, mode.stop):
        id_ = await mode.submit([*QUICK, children / "forks_for_ever.py", "0.002"])
        await mode.when_printed(id_)
        await asyncio.sleep(0.1)
        async with asyncio.timeout(8):
            view = await act(id_)
        assert view.outcome.survivors == ()
        assert mode.members(id_) == []
