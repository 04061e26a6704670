"""Host or keeper dies, with a keeper of the host's own: nothing of it is left, and whoever is left is told."""

import os
import select
import signal
import subprocess
import time

import pytest

from procession import KeeperLost, Supervisor
from procession.process.keeper import Keeper

LIMIT_S = 2.0


@pytest.fixture
def host(children, python):
    """To be called with arguments: a program with a keeper and tasks, and the pids of keeper, copy and tasks."""
    hosts = []

    def begin(*arguments):
        process = subprocess.Popen(
            [python, children / "hosts_with_a_keeper.py", *arguments], stdout=subprocess.PIPE, text=True
        )
        hosts.append(process)
        keeper, copy, *tasks = map(int, process.stdout.readline().split())
        return process, keeper, copy, tasks

    yield begin
    for process in hosts:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("count", ["3", pytest.param("500", marks=pytest.mark.serial)])
def test_the_host_is_killed(host, count):
    """Kill -9 of the host: all its tasks and the keeper are gone within 2 s."""
    process, keeper, _, tasks = host(count)
    assert len(tasks) == int(count)
    process.kill()

    assert_gone([keeper, *tasks])


def test_the_host_forked_and_died(host):
    """A copy of the host that lives on does not keep its tasks alive."""
    process, keeper, copy, tasks = host("3", "copied")
    process.kill()
    try:
        assert_gone([keeper, *tasks])
    finally:
        os.kill(copy, signal.SIGKILL)


async def test_the_keeper_is_killed(wait_until):
    """Its tasks are ended with their trees: if we were killed next, nobody could do it. A start says what happened."""
    async with Keeper() as keeper, keeper.spawn(["sh", "-c", "setsid sleep 1000 & echo; wait"]) as process:
        async for _ in process.stdout.lines():
            break
        members = process.tree()
        os.kill(keeper.pid, signal.SIGKILL)
        outcome = await process.wait()

        assert len(members) == 2
        assert_gone([member.pid for member in members])
        assert (outcome.kind, outcome.code) in (("killed", None), ("lost", None))
        with pytest.raises(KeeperLost):
            await keeper.spawn(["true"]).__aenter__()


async def test_tasks_whose_keeper_is_killed(wait_until):
    """None of them is a success, and one that is tried again fails to start, with the reason."""
    async with Keeper() as keeper, Supervisor(keeper=keeper) as supervisor:
        ids = [supervisor.submit(["sleep", "1000"], retries=number) for number in range(2)]
        await wait_until(lambda: all(supervisor.get(id_).state == "running" for id_ in ids))
        os.kill(keeper.pid, signal.SIGKILL)
        views = await supervisor.wait_all()

    assert views[0].outcome.kind in ("killed", "lost")
    assert [views[1].outcome.kind, views[1].outcome.error_code] == ["failed_to_start", "keeper_lost"]


def assert_gone(pids):
    """None of them lives after the limit."""
    deadline = time.monotonic() + LIMIT_S
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        ended = select.select([descriptor], [], [], max(deadline - time.monotonic(), 0))[0]
        os.close(descriptor)
        assert ended, f"{pid} lives"
