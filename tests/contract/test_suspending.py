"""Being paused: all of the tree, until it is let run on, and no longer than it lives."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from procession.model.command import command, shell

QUICK = [sys.executable, "-I", "-S"]
BURNERS = "burn() { while :; do :; done; }; burn & setsid sh -c 'while :; do :; done' & echo ready; burn"


def processor_time(pids):
    """The ticks that these have used."""
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return [int(fields[11]) + int(fields[12]) for fields in stats]


async def test_a_pause_is_for_all(mode):
    """C087: no member, in the session or out of it, makes any progress until it is let run on; twice is once."""
    id_ = await mode.submit(shell(BURNERS))
    await mode.when_printed(id_)
    assert (await mode.suspend(id_)).state == "suspended"
    members = mode.members(id_)
    before = processor_time(members)
    await asyncio.sleep(0.3)
    await mode.suspend(id_)
    assert (processor_time(members), len(members)) == (before, 3)

    assert (await mode.resume(id_)).state == "running"
    await mode.resume(id_)
    async with asyncio.timeout(5):
        while any(now <= then for now, then in zip(processor_time(members), before, strict=True)):
            await asyncio.sleep(0.02)
    await mode.kill(id_)
    told = [fact.name for fact in await mode.facts(id_) if fact.name in ("suspended", "resumed")]
    assert told == ["suspended", "resumed"]


async def test_its_time_does_not_run(mode):
    """C087: a time-out does not count while it is paused."""
    id_ = await mode.submit(command(["sleep", "1000"]).replace(timeout_s=0.5))
    await mode.when(id_, lambda view: view.state == "running")
    await mode.suspend(id_)
    await asyncio.sleep(0.8)
    assert (await mode.get(id_)).state == "suspended"
    began = time.monotonic()
    await mode.resume(id_)
    view = await mode.wait(id_)

    assert view.outcome.kind == "timed_out"
    assert time.monotonic() - began < 1.5


async def test_what_had_stopped_itself(mode):
    """C087: a member that had stopped itself before the pause is still stopped after it."""
    id_ = await mode.submit(shell("sh -c 'kill -STOP $$; echo no' & echo $!; sleep 1000"))
    member = int(await mode.when_printed(id_))
    async with asyncio.timeout(5):
        while " T " not in Path(f"/proc/{member}/stat").read_text():
            await asyncio.sleep(0.005)
    await mode.suspend(id_)
    await mode.resume(id_)
    await asyncio.sleep(0.1)
    assert " T " in Path(f"/proc/{member}/stat").read_text()
    await mode.kill(id_)


@pytest.mark.parametrize("by", ["us", "outside"])
async def test_stopping_what_is_paused(mode, children, tmp_path, by):
    """C089: a paused one that handles SIGTERM gets to run, whoever paused it: its marker is there."""
    marker = tmp_path / "marker"
    id_ = await mode.submit([*QUICK, children / "ends_politely.py", "7", marker])
    await mode.when_printed(id_)
    if by == "us":
        await mode.suspend(id_)
    else:
        os.kill((await mode.get(id_)).pid, signal.SIGSTOP)
    await mode.when(id_, lambda view: view.state == "suspended")
    outcome = (await mode.stop(id_, grace_s=5)).outcome

    assert (outcome.code, outcome.forced, outcome.stopped_by) == (7, False, "user")
    assert marker.exists()


async def test_killing_what_is_paused(mode):
    """C089: a kill works on a paused tree, at once, and nothing stays frozen."""
    id_ = await mode.submit(shell(BURNERS))
    await mode.when_printed(id_)
    await mode.suspend(id_)
    began = time.monotonic()
    view = await mode.kill(id_)

    assert time.monotonic() - began < 2
    assert (view.outcome.signal, view.outcome.stopped_by) == (signal.SIGKILL, "user")
    assert mode.members(id_) == []
    assert (await mode.run(["true"])).ok
