"""A job's whole tree: who is in it, that all of it ends, and that nobody else does."""

import asyncio
import os
import subprocess
import sys
import time

import pytest

from procession import NULL, PIPE, OutcomeKind, Process, spawn
from procession.model.event import Event, TreeEmpty
from procession.process.session_tree import SessionTree

PIPELINE = "sleep 1000 & sleep 1000 | sleep 1000 & echo ready; wait"
ORPHANS = 200


def names_of(events: list[Event]) -> list[str]:
    """The words of the events."""
    return [event.name for event in events]


async def test_an_ordinary_tree_ends_whole(tree_kind, first_line, is_alive):
    """C044: of a shell with a background job and a pipeline nothing lives after terminate, and only then it returns."""
    async with spawn(["sh", "-c", PIPELINE]) as process:
        await first_line(process)
        members = process.tree()
        began = time.monotonic()
        outcome = await process.terminate(1.0)

        assert time.monotonic() - began < 2.0
        assert [is_alive(member.pid) for member in members] == [False] * 4
        assert process.tree() == []
        assert outcome.stopped_by == "user"
        assert not outcome.forced


async def test_a_tree_is_listed_leader_first(mode, tree_kind, first_line, wait_until):
    """C044: tree() names every member with its parent and its command, the leader first."""
    async with spawn(["sh", "-c", PIPELINE]) as process:
        await first_line(process)
        await wait_until(lambda: [member.command for member in process.tree()][1:] == ["sleep 1000"] * 3)
        leader = process.tree()[0]

        assert leader.pid == process.pid
        assert leader.ppid == mode.pid
        assert process.is_tree_exact == (tree_kind == "control_group")


async def test_the_tree_is_empty_only_when_the_last_member_is_gone(tree_kind, is_alive):
    """C044: `tree_empty` comes after `exited`, when the last member has ended by itself, and is told once."""
    events: list[Event] = []
    empty = asyncio.Event()

    def hear(event: Event) -> None:
        events.append(event)
        if isinstance(event, TreeEmpty):
            empty.set()

    async with spawn(["sh", "-c", "sleep 0.3 >/dev/null 2>&1 & echo $!"], on_event=hear) as process:
        await process.wait()
        member = int(await process.stdout.read())
        assert is_alive(member)
        assert "tree_empty" not in names_of(events)
        await asyncio.wait_for(empty.wait(), 3.0)
        assert not is_alive(member)

    assert names_of(events).count("tree_empty") == 1


async def test_zombies_are_no_members(tree_kind, run_host, children):
    """C045: orphans that nobody reaps do not hold up the end of their tree."""
    cgroups = "on" if tree_kind == "control_group" else "off"
    said = run_host(
        "never_reaps.py", sys.executable, children / "kills_a_tree_of_orphans.py", PROCESSION_CGROUP=cgroups
    )

    zombies, _, took_s, _ = said.split()
    assert zombies == "5"
    assert float(took_s) < 2.0


async def test_orphans_are_not_left_to_us_as_zombies(tree_kind):
    """C045: however many orphans a job makes, none becomes a zombie of ours, and the tree is seen to be empty."""
    script = f"i=0; while [ $i -lt {ORPHANS} ]; do (/bin/true &); i=$((i+1)); done"
    events: list[Event] = []
    async with spawn(["sh", "-c", script], on_event=events.append) as process:
        await process.wait()

    assert names_of(events).count("tree_empty") == 1
    assert zombies_of_ours() == []


async def test_the_leader_may_exit_first(tree_kind, is_alive):
    """C049: the exit is told at once, the tree still lists who lives, and terminate still reaches it much later."""
    async with spawn(["sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $!; exit 0"]) as process:
        began = time.monotonic()
        outcome = await process.wait()
        assert time.monotonic() - began < 1.0
        assert outcome.kind is OutcomeKind.SUCCEEDED
        member = int(await process.stdout.read())
        assert [each.pid for each in process.tree()] == [member]

        make_older(process, 3600.0)
        assert [each.pid for each in process.tree()] == [member]
        assert await process.terminate(1.0) == outcome
        assert not is_alive(member)


async def test_an_empty_tree_is_left_alone_for_ever(tree_kind):
    """C049: ending what has ended signals nobody and changes nothing."""
    events: list[Event] = []
    async with spawn(["true"], on_event=events.append) as process:
        outcome = await process.wait()
        await asyncio.sleep(0)
        told = len(events)

        assert await process.terminate() == outcome
        assert await process.kill() == outcome
        assert len(events) == told


@pytest.mark.root
def test_a_stranger_with_the_numbers_of_the_leader_is_not_hit(run_host):
    """C049: a session known by its leader's number is given up when the number is another's: the stranger lives."""
    said = run_host("reuses_the_leaders_pid.py", within_s=20, PROCESSION_CGROUP="off")

    assert "the stranger lives" in said


async def test_siblings_and_our_own_group_survive(tree_kind, is_alive):
    """C051: killing one job harms neither its siblings nor anybody in our own process group and session."""
    bystander = subprocess.Popen(["sleep", "1000"])
    try:
        async with spawn(["sleep", "1000"]) as sibling, spawn(["sh", "-c", PIPELINE]) as process:
            await process.kill()
            assert is_alive(sibling.pid)
            assert sibling.exit is None
            assert is_alive(bystander.pid)
            assert os.getpgid(bystander.pid) == os.getpgid(0)
            assert os.getpgid(sibling.pid) == sibling.pid
    finally:
        bystander.kill()
        bystander.wait()


async def test_members_in_groups_of_their_own_are_reached(tree_kind, first_line, is_alive, python, children):
    """C051: members are ended one by one, whatever their group: a group is never signalled as such."""
    async with spawn([python, "-I", "-S", children / "spreads_over_groups.py"]) as process:
        await first_line(process)
        members = [member.pid for member in process.tree()]
        assert len({os.getpgid(pid) for pid in members}) == 3
        await process.terminate(1.0)
        assert not any(map(is_alive, members))


async def test_looking_at_a_tree_while_processes_come_and_go(mode, tree_kind):
    """C054: scans during a storm of short processes raise nothing and show nobody but the members."""
    await scan_in_a_storm(mode.pid, seconds=1.0)


@pytest.mark.long
async def test_looking_at_a_tree_during_ten_thousand_processes(mode, tree_kind):
    """C054, long form: some ten thousand short processes come and go meanwhile."""
    await scan_in_a_storm(mode.pid, seconds=30.0)


async def scan_in_a_storm(parent: int, seconds: float) -> None:
    """List a tree again and again while strangers and members come and go."""
    storm = ["sh", "-c", "while :; do /bin/true & /bin/true & wait; done"]
    async with spawn(["nice", *storm], stdout=NULL) as strangers:
        async with spawn(["sh", "-c", "while read line; do /bin/true; done"], stdin=PIPE) as process:
            scans = 0
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                await process.stdin.write("go\n")
                seen = process.tree()
                assert seen[0].pid == process.pid
                assert all(member.ppid in (parent, process.pid) for member in seen), seen
                scans += 1
            assert scans > 20
        assert strangers.exit is None
        assert process.tree() == []


def make_older(process: Process, seconds: float) -> None:
    """Let the tree have been young long ago; only the kind known by its session looks at its age."""
    if isinstance(process._tree, SessionTree):
        process._tree._forked_at -= seconds


def zombies_of_ours() -> list[str]:
    """Our children that ended and were not reaped."""
    listed = subprocess.run(
        ["ps", "-o", "stat=,pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True
    )
    return [line for line in listed.stdout.splitlines() if line.startswith("Z")]
