"""The command line with a real daemon, started by the first verb that needs it, in a home of its own.

Afterwards it is ended with all it has, and nothing is left: no process, no socket.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import start, task_file, terminal

__all__ = ["start", "task_file", "terminal"]

COMMAND = [sys.executable, "-m", "procession"]
LIMIT_S = 30
LEFT_AT_HOME = {
    "checkpoints",
    "daemon.log",
    "exits.journal",
    "lock",
    "logs",
    "markers",
    "run",
    "spool",
    "start.lock",
    "store.db",
    "store.db.lock",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Path]:
    """The home of this test's daemon: with a space in its name, and ended after the test.

    What is submitted starts at once, so that no test depends on how soon this machine has looked at the task before;
    when tasks may start is a page of its own.
    """
    home = tmp_path / "a home"
    if request.path.stem != "test_admission":
        home.mkdir(mode=0o700)
        (home / "config.toml").write_text('[pool]\npolicy = "fixed"\n')
    monkeypatch.setenv("PROCESSION_HOME", str(home))
    for name in ("NO_COLOR", "PROCESSION_DEBUG", "_PROCESSION_COMPLETE", "XDG_RUNTIME_DIR", "NOTIFY_SOCKET"):
        monkeypatch.delenv(name, raising=False)
    yield home
    ended = _run("daemon", "stop", "--kill", timeout=60)
    assert ended.returncode in (0, 4), ended.stderr
    if (home / "daemon.log").exists():
        assert {each.name for each in home.iterdir()} <= LEFT_AT_HOME | {"runs", "config.toml"}
        assert not list((home / "run").glob("*"))
        assert "Traceback" not in (home / "daemon.log").read_text()


@pytest.fixture
def cli() -> Callable[..., subprocess.CompletedProcess[str]]:
    """To be called with arguments; gives what the command line printed and its exit status."""
    return _run


@pytest.fixture
def ok(cli) -> Callable[..., str]:
    """To be called with arguments that must succeed; gives standard output."""

    def run(*arguments: str, **options: Any) -> str:
        done = cli(*arguments, **options)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def submit(ok) -> Callable[..., str]:
    """To be called with options and a shell script as the last argument; gives the id."""

    def hand_over(*given: str, **options: Any) -> str:
        return ok("submit", *given[:-1], "--", "sh", "-c", given[-1], **options).strip()

    return hand_over


@pytest.fixture
def view(ok) -> Callable[[str], dict[str, Any]]:
    """To be called with an id; gives the task as it is now."""
    return lambda id_: json.loads(ok("ls", "--json", id_))["tasks"][0]


@pytest.fixture
def kill_daemon(ok) -> Callable[[], int]:
    """To be called: SIGKILL for the daemon; gives the pid it had, once it is gone."""

    def kill() -> int:
        pid = json.loads(ok("daemon", "status", "--json"))["pid"]
        descriptor = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            import select

            select.select([descriptor], [], [], 10)
        finally:
            os.close(descriptor)
        return pid

    return kill


def _run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    options = {"capture_output": True, "text": True, "timeout": LIMIT_S, "stdin": subprocess.DEVNULL} | options
    if "input" in options:
        del options["stdin"]
    return subprocess.run([*COMMAND, *arguments], check=False, **options)
