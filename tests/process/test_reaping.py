"""Hosts that take away the status of our children: it is known all the same, or unknown; it is never taken for 0."""

import asyncio
import os
import signal

import pytest

from procession import OutcomeKind, OutcomeUnknown, Result, run, spawn
from procession.kernel import pidfd
from procession.model.event import Exited

RIGHT = {"('failed', 7, None, False)", "('killed', None, 9, False)"}
UNKNOWN = "('unknown', None, None, False)"


@pytest.fixture(scope="module")
def kernel_tells() -> bool:
    """Whether this kernel tells how a reaped process ended (Linux 6.15)."""
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 7"], os.environ)
    descriptor = os.pidfd_open(pid)
    os.waitpid(pid, 0)
    told = pidfd.exit_status(descriptor)
    os.close(descriptor)
    return told == 7 << 8


@pytest.mark.parametrize("how", ["thread", "ignores", "handler"])
@pytest.mark.parametrize("cgroup", ["on", "off"])
def test_a_host_that_reaps_everything(run_host, kernel_tells, how, cgroup):
    """C034: a host that reaps all children: statuses are right where the kernel tells, or unknown; never code 0."""
    seen = set(run_host("reaps_everything.py", how, PROCESSION_CGROUP=cgroup).splitlines())

    assert seen <= RIGHT | {UNKNOWN}
    if kernel_tells:
        assert seen >= RIGHT


@pytest.mark.parametrize("how", ["thread", "ignores", "handler"])
def test_a_host_that_reaps_everything_on_an_older_kernel(run_host, how):
    """C034, C035: on a kernel that does not tell, what was taken is unknown: no code, no signal, no success."""
    seen = set(run_host("reaps_everything.py", how, "old").splitlines())

    assert seen <= RIGHT | {UNKNOWN}
    if how == "ignores":
        assert UNKNOWN in seen


async def test_a_status_taken_by_somebody_else_is_still_known(tree_kind, kernel_tells):
    """C034: a child that was reaped behind our back, between its end and our look, has its status from the pidfd."""
    if not kernel_tells:
        pytest.skip("this kernel does not tell (Linux 6.15 does)")
    async with spawn(["sh", "-c", "exit 7"]) as process:
        assert os.waitpid(process.pid, 0) == (process.pid, 7 << 8)
        outcome = await process.wait()

    assert (outcome.kind, outcome.code, outcome.usage) == (OutcomeKind.FAILED, 7, None)


async def test_an_unknown_end_is_told_as_such(tree_kind, monkeypatch):
    """C035: unknown is an outcome of its own: not ok, no code, known=False, and check() raises OutcomeUnknown."""
    monkeypatch.setattr("procession.kernel.pidfd._PIDFD_GET_INFO", 0)  # a request that no kernel knows
    told = []
    async with spawn(["sh", "-c", "exit 0"], on_event=told.append) as process:
        os.waitpid(process.pid, 0)
        outcome = await process.wait()

    exited = next(event for event in told if isinstance(event, Exited))
    assert (exited.known, exited.code, exited.signal) == (False, None, None)
    assert (outcome.kind, outcome.code, outcome.signal, outcome.ok) == (OutcomeKind.UNKNOWN, None, None, False)
    assert "took its exit status" in outcome.message
    result = Result(command=process.command, outcome=outcome, pid=process.pid, started_at=0, duration_s=0)
    with pytest.raises(OutcomeUnknown):
        result.check()


async def test_an_unknown_end_stays_unknown_when_we_asked_for_it(tree_kind, monkeypatch):
    """C035: that we stopped it does not make known how it ended."""
    monkeypatch.setattr("procession.kernel.pidfd._PIDFD_GET_INFO", 0)
    async with spawn(["sleep", "60"]) as process:
        stopping = asyncio.create_task(process.terminate(5))
        await asyncio.sleep(0)
        os.kill(process.pid, signal.SIGTERM)
        os.waitpid(process.pid, 0)
        outcome = await stopping

    assert (outcome.kind, outcome.ok) == (OutcomeKind.UNKNOWN, False)


async def test_others_are_not_reaped_by_us():
    """C034: a child that the host started itself keeps its status for the host, zombie or not."""
    own = await asyncio.create_subprocess_exec("sh", "-c", "exit 5")
    other = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 6"], os.environ)
    for _ in range(5):
        assert (await run(["true"])).ok

    assert await own.wait() == 5
    assert os.waitstatus_to_exitcode(os.waitpid(other, 0)[1]) == 6
