"""A leader whose keeper is gone: its end is told as soon as the kernel tells it, and at the latest after a while."""

import asyncio
import os
import signal
import subprocess

import pytest

from procession.kernel.fork_exec import Child
from procession.process import kept_leader
from procession.process.kept_leader import KeptLeader


@pytest.fixture
def child():
    """A process that ends with code 7 when it is told to."""
    with subprocess.Popen(["sh", "-c", "read line; exit 7"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


@pytest.fixture
def followed(child):
    """The child as a leader without a keeper, and what is told of its end; to be called inside a loop."""

    def follow():
        told = asyncio.get_running_loop().create_future()
        leader = KeptLeader(Child(child.pid, os.pidfd_open(child.pid)), 1, None)
        leader.watch(told.set_result, lambda: None)
        return leader, told

    return follow


async def test_a_parent_that_reaps(child, followed):
    """C035: the status comes from the kernel, or nobody knows it; it is never taken for a success."""
    _, told = followed()
    child.communicate(b"go\n")
    fact = await told

    assert fact.status == 7 << 8 or (fact.status is None and fact.lost)


async def test_a_parent_that_never_reaps(child, followed, monkeypatch):
    """C045: a zombie that nobody takes ends all the same, as lost."""
    monkeypatch.setattr(kept_leader, "REAP_LIMIT_S", 0.1)
    _, told = followed()
    child.stdin.close()
    fact = await told

    assert (fact.status, fact.lost) == (None, "whoever reaped it did not tell: its keeper was gone")


async def test_let_go_meanwhile(child, followed, wait_until):
    """Letting go of a zombie that we wait for leaves no descriptor and no timer."""
    leader, told = followed()
    child.send_signal(signal.SIGKILL)
    await wait_until(lambda: leader._patience is not None)
    leader.release()

    assert not told.done()
    assert leader._patience is None
