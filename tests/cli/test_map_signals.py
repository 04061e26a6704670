"""`procession map` is asked to end, or killed: nothing that it started goes on."""

import signal
import sys
from pathlib import Path

import pytest

from procession.kernel import proc

PROCESSION = [sys.executable, "-m", "procession"]
SLEEPS = "echo $$ > {}/{{#}}; exec sleep 600"
DEAF = "trap '' TERM; echo $$ > {}/{{#}}; while :; do sleep 0.05; done"


def pids(directory: Path) -> list[int]:
    """Give what the jobs wrote of themselves."""
    return [int(text) for path in directory.iterdir() if (text := path.read_text().strip())]


def is_gone(pid: int) -> bool:
    """Whether nothing lives under this number."""
    stat = proc.read_stat(pid)
    return stat is None or stat.is_gone


@pytest.fixture
def jobs(tmp_path: Path) -> Path:
    """An empty directory for the numbers of jobs."""
    directory = tmp_path / "jobs"
    directory.mkdir()
    return directory


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_the_first_signal_ends_politely(start, jobs, wait_until, number):
    """Those that run are ended, those that wait never start, and the status says by which signal."""
    process = start("map", "-j", "2", "--", "sh", "-c", SLEEPS.format(jobs), ":::", "a", "b", "c", "d")
    await wait_until(lambda: len(pids(jobs)) == 2, timeout=20)
    process.send_signal(number)

    assert process.wait(30) == 128 + number
    assert len(pids(jobs)) == 2
    assert all(map(is_gone, pids(jobs)))


async def test_the_second_signal_kills(start, jobs, wait_until):
    """Who does not hear the first is killed at the second, long before the grace is over."""
    process = start("map", "-j", "2", "--grace", "10m", "--", "sh", "-c", DEAF.format(jobs), ":::", "a", "b")
    await wait_until(lambda: len(pids(jobs)) == 2, timeout=20)
    process.send_signal(signal.SIGINT)
    assert "once more kills them" in process.stderr.readline()
    process.send_signal(signal.SIGINT)

    assert process.wait(30) == 130
    assert all(map(is_gone, pids(jobs)))


async def test_killed_outright(start, jobs, wait_until):
    """After SIGKILL the keeper ends what was running."""
    process = start("map", "-j", "2", "--", "sh", "-c", SLEEPS.format(jobs), ":::", "a", "b")
    await wait_until(lambda: len(pids(jobs)) == 2, timeout=20)
    process.kill()
    process.wait(30)

    await wait_until(lambda: all(map(is_gone, pids(jobs))), timeout=20)


def test_on_a_terminal(terminal, jobs):
    """The progress is shown, Ctrl-C ends it all, and the line is left clean."""
    shown = terminal(*PROCESSION, "map", "-j", "2", "--", "sh", "-c", SLEEPS.format(jobs), ":::", "a", "b", "c")
    shown.wait_for("0 of 3  2 running")
    shown.type("\x03")
    shown.wait_for("nobody else starts")

    assert shown.wait() == 130
    assert all(map(is_gone, pids(jobs)))
    assert shown.seen.decode().rstrip().endswith(("\x1b[K", "kills them"))
