"""`run` and `up` killed with SIGKILL: the keeper behind them leaves nothing of what they started."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from procession.cli.keeping import kept_spawn
from procession.model.command import Command

LIMIT_S = 2.0
MARK = "MARK_OF_THIS_TEST"
ESCAPEES = "setsid sleep 971 & (setsid sh -c 'sleep 972 & sleep 973' &); sleep 974"


def processes_with(mark: str) -> set[int]:
    """All processes whose environment has the mark; those that cleared it are found by what else they carry."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return {pid for pid in pids if mark.encode() in read(Path(f"/proc/{pid}/environ"))}


def read(path: Path) -> bytes:
    """What a file of /proc holds; nothing, if its process is gone or another user's."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def ended_within(pids: set[int], limit_s: float) -> float:
    """How long it took until none of them was alive; at most ``limit_s``."""
    began = time.monotonic()
    while any(is_alive(pid) for pid in pids) and time.monotonic() - began < limit_s:
        time.sleep(0.01)
    return time.monotonic() - began


def is_alive(pid: int) -> bool:
    """Whether it is there, and no zombie."""
    state = read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()[:1]
    return bool(state) and state != [b"Z"]


@pytest.fixture
def mark(monkeypatch, tmp_path) -> str:
    """Stands in the environment of all that the test starts."""
    monkeypatch.setenv(MARK, tmp_path.name + str(os.getpid()))
    return f"{MARK}={tmp_path.name}{os.getpid()}"


@pytest.fixture(params=["", "off"], ids=["groups", "cookies"])
def trees(request, monkeypatch) -> None:
    """With control groups, where there are any, and without."""
    monkeypatch.setenv("PROCESSION_CGROUP", request.param)


async def kill_when(process, mark, wait_until, count) -> set[int]:
    """Kill it once it has so many descendants; give these."""
    found = await wait_until(lambda: there if len(there := processes_with(mark) - {process.pid}) >= count else None)
    process.kill()
    process.wait()
    return found


@pytest.mark.usefixtures("trees")
async def test_run_killed_leaves_nothing(start, mark, wait_until):
    """Whoever left the session, and whoever was born by an orphan, is gone within two seconds, like the keeper."""
    process = start("run", "--", "sh", "-c", ESCAPEES)
    left = await kill_when(process, mark, wait_until, 6)
    assert ended_within(left, LIMIT_S + 1) < LIMIT_S
    assert not processes_with(mark)


@pytest.mark.usefixtures("trees")
async def test_run_killed_leaves_nobody_who_ignores_sigterm(start, mark, wait_until, children):
    """The keeper asks, and then it insists."""
    process = start("run", "--", sys.executable, str(children / "ignores_sigterm.py"))
    left = await kill_when(process, mark, wait_until, 2)
    assert ended_within(left, LIMIT_S + 1) < LIMIT_S


async def test_up_killed_leaves_none_of_a_hundred(start, task_file, mark, wait_until):
    """A hundred tasks, some of them deaf or escaping, are gone within two seconds."""
    texts = [f'[tasks.s{number}]\ncommand = ["sleep", "97"]\n' for number in range(98)]
    texts.append("[tasks.deaf]\ncommand = ['sh', '-c', 'trap \"\" TERM; while :; do sleep 97; done']\n")
    texts.append(f'[tasks.loose]\ncommand = ["sh", "-c", """{ESCAPEES}"""]\n')
    process = start("up", "-q", task_file('[pool]\npolicy = "fixed"\nhard_limit = 200\n' + "".join(texts)))
    left = await kill_when(process, mark, wait_until, 105)
    assert ended_within(left, LIMIT_S + 1) < LIMIT_S
    assert not processes_with(mark)


async def test_a_stopped_run_is_not_taken_for_a_dead_one(start, mark, wait_until):
    """The keeper ends what it has when we are gone, not when we are stopped."""
    process = start("run", "--", "sleep", "97")
    await wait_until(lambda: len(processes_with(mark)) == 3)
    process.send_signal(signal.SIGSTOP)
    assert ended_within(processes_with(mark) - {process.pid}, 1.5) >= 1.5
    process.send_signal(signal.SIGCONT)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 128 + signal.SIGTERM


async def test_up_goes_on_without_its_keeper(start, task_file, mark, wait_until, tmp_path):
    """The keeper killed: what runs is followed to its end, what comes next is started all the same, and is said."""
    gate = tmp_path / "gate"
    wait = f"while [ ! -e {gate} ]; do sleep 0.02; done; exit 3"
    process = start(
        "up", task_file(f'[tasks.a]\ncommand = ["sh", "-c", "{wait}"]\nretries = 1\nretry_delay = "10ms"\n')
    )
    keepers = await wait_until(lambda: [pid for pid in processes_with(mark) if is_keeper(pid)])
    await wait_until(lambda: len(processes_with(mark)) >= 3)
    os.kill(keepers[0], signal.SIGKILL)
    gate.touch()
    out, err = process.communicate(timeout=20)
    assert "the keeper is gone" in err
    assert process.returncode == 1
    assert "exit 3" in out or "code 3" in out


def is_keeper(pid: int) -> bool:
    """Whether that is its program."""
    return b"keeper/__main__.py" in read(Path(f"/proc/{pid}/cmdline"))


async def test_descendants_that_are_kept_outlive_up(cli, task_file, tmp_path, wait_until):
    """``descendants = "keep"`` means what it says: no keeper ends a daemon that was started on purpose."""
    note = tmp_path / "pid"
    text = f"""[tasks.a]
descendants = "keep"
command = ["sh", "-c", "setsid sleep 97 > /dev/null 2>&1 & echo $! > {note}"]
"""
    assert cli("up", task_file(text)).returncode == 0
    pid = int(note.read_text())
    assert is_alive(pid)
    os.kill(pid, signal.SIGKILL)
    await wait_until(lambda: not is_alive(pid))


async def test_without_a_keeper_it_runs_and_says_so(monkeypatch, capfd):
    """Where no keeper can be started, the command is our own child."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    async with kept_spawn() as spawn, spawn(Command(argv=("true",))) as process:
        assert (await process.wait()).ok
    assert "lives on" in capfd.readouterr().err
