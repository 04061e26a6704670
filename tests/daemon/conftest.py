"""A daemon with a home of its own, run for real over a desk that follows a script."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from procession.daemon.paths import find_paths


@pytest.fixture(autouse=True)
def paths(tmp_path, monkeypatch):
    """The paths of this test's daemon; nothing is made yet."""
    monkeypatch.setenv("PROCESSION_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "xdg"))
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    (tmp_path / "xdg").mkdir(mode=0o700)
    return find_paths()


@pytest.fixture
def program(children) -> list[str]:
    """The arguments of the interpreter that make it this daemon."""
    return [str(children / "serves_a_scripted_desk.py")]


@pytest.fixture
def daemon(program):
    """To be called: a daemon that answers, a child of the test; what it prints is in its pipes."""
    with contextlib.ExitStack() as stack:

        def begin(**options):
            from procession.daemon.notify import Notifier  # noqa: F401 - imported before descriptors are counted

            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, *program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
                )
            )
            stack.callback(process.kill)
            return process

        yield begin


@pytest.fixture
def end_detached():
    """To be called with the pid of a daemon that is nobody's child: asks it to end, and waits until it has."""

    def end(pid: int) -> None:
        import select

        descriptor = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(descriptor, signal.SIGTERM)
            assert select.select([descriptor], [], [], 10)[0]
        finally:
            os.close(descriptor)

    return end


@pytest.fixture
def mode():
    """To be called with a path: its permission bits."""
    return lambda path: Path(path).lstat().st_mode & 0o777
