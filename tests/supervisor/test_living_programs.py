"""What real programs seem to do: seen through a supervisor, with short thresholds."""

import asyncio
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from procession.model.command import Command
from procession.model.health import Liveness
from procession.model.monitoring import Monitoring
from procession.model.stdio import PTY
from procession.model.task import Task
from procession.supervisor.supervisor import Supervisor

ROOT = Path(__file__).parents[2]


async def seen(supervisor, task: str, is_so, seconds: float = 30.0):
    """Look until its health is so; give it."""
    async with asyncio.timeout(seconds):
        while (health := supervisor.get(task).health) is None or not is_so(health):
            await asyncio.sleep(0.05)
    return health


def watched(*argv: str, stall_after_s: float = 2.0, **streams) -> Task:
    """A task that stalls soon."""
    command = Command(argv=argv, **streams)
    return Task(command=command, name="it", monitoring=Monitoring(stall_after_s=stall_after_s))


async def test_sleep_stalls_and_says_in_what():
    """No word, no processor time, no I/O."""
    async with Supervisor() as supervisor:
        supervisor.submit(watched("sleep", "1000"))
        health = await seen(supervisor, "it", lambda each: each.liveness is Liveness.STALLED)

    assert "0.00 CPUs" in health.evidence
    assert "all sleeping in clock_nanosleep" in health.evidence


async def test_a_spinning_loop_is_busy():
    """It never stalls, however long it says nothing; its processor is in the evidence."""
    async with Supervisor() as supervisor:
        supervisor.submit(watched("bash", "-c", "while :; do :; done"))
        health = await seen(supervisor, "it", lambda each: each.liveness is not Liveness.WORKING, 45)

    assert health.liveness is Liveness.QUIET
    assert "all sleeping" not in health.evidence


async def test_read_on_a_terminal_waits_for_input():
    """A prompt, and nobody answers; a word makes it work again."""
    async with Supervisor() as supervisor:
        program = "read -p 'name? ' x; echo hello $x; sleep 1000"
        task = watched("bash", "-c", program, stall_after_s=300, stdin=PTY, stdout=PTY, stderr=PTY)
        supervisor.submit(task)
        health = await seen(supervisor, "it", lambda each: each.liveness is Liveness.WAITING_FOR_INPUT, 45)
        assert "reads a terminal on which nothing comes" in health.evidence

        await supervisor.write_input("it", b"you\n")
        await seen(supervisor, "it", lambda each: each.liveness is Liveness.WORKING)


async def test_a_stopped_program_is_suspended_and_does_not_stall():
    """Whoever stopped it."""
    events = []
    async with Supervisor() as supervisor:
        supervisor.subscribe(lambda event: events.append(event.name))
        supervisor.submit(watched("sleep", "1000", stall_after_s=3))
        await asyncio.sleep(0.2)
        os.kill(supervisor.get("it").pid, signal.SIGSTOP)
        await asyncio.sleep(6)
        assert supervisor.get("it").state == "suspended"
        os.kill(supervisor.get("it").pid, signal.SIGCONT)

    assert "stalled" not in events


async def test_git_gc_in_a_pipe_is_quiet(tmp_path):
    """It computes without a word, and is no stall."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("needs git, and a repository of its own")
    subprocess.run(["git", "clone", "-q", "--bare", "--no-local", ROOT, tmp_path / "r"], check=True)
    forever = "while :; do git -c pack.threads=1 gc --aggressive --prune=now || exit 1; done"
    events = []
    async with Supervisor() as supervisor:
        supervisor.subscribe(lambda event: events.append(event.name))
        supervisor.submit(watched("bash", "-c", forever, cwd=str(tmp_path / "r")))
        health = await seen(supervisor, "it", lambda each: each.liveness is not Liveness.WORKING, 45)

    assert health.liveness is Liveness.QUIET
    assert "stalled" not in events
