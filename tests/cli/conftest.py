"""The command line as a user meets it: a real program, with a home of its own for its logs."""

import contextlib
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from fcntl import ioctl
from pathlib import Path
from typing import Any, Self

import pytest

COMMAND = [sys.executable, "-m", "procession"]
LIMIT_S = 30


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory below which this test's runs are kept; the user's own settings do not matter here."""
    home = tmp_path / "home"
    monkeypatch.setenv("PROCESSION_HOME", str(home))
    for name in ("NO_COLOR", "PROCESSION_DEBUG", "_PROCESSION_COMPLETE", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def daemon(home: Path, scripted: str, control: Callable[..., Any]) -> Callable[..., Any]:
    """A daemon of this home, without tasks; to be called with ``seen``, ``script`` or ``fill``."""
    (home / "run").mkdir(parents=True)
    (home / "run" / "api.sock").symlink_to(scripted)
    return control


@pytest.fixture
def cli() -> Callable[..., subprocess.CompletedProcess[str]]:
    """To be called with arguments; gives what the command line printed and its exit status."""

    def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        options = {"capture_output": True, "text": True, "timeout": LIMIT_S, "stdin": subprocess.DEVNULL} | options
        if "input" in options:
            del options["stdin"]
        return subprocess.run([*COMMAND, *arguments], **options)

    return run


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """To be called with arguments; gives the running command line, with pipes. It is ended after the test."""
    with contextlib.ExitStack() as stack:

        def begin(*arguments: str, **options: Any) -> subprocess.Popen[str]:
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, "text": True}
            process = stack.enter_context(subprocess.Popen([*COMMAND, *arguments], **(pipes | options)))
            stack.callback(process.kill)
            return process

        yield begin


@pytest.fixture
def task_file(tmp_path: Path) -> Callable[[str], str]:
    """To be called with the text of a task file; gives its path."""

    def write(text: str) -> str:
        path = tmp_path / "tasks.toml"
        path.write_text(text)
        return str(path)

    return write


@pytest.fixture
def terminal() -> Iterator[Callable[..., "Terminal"]]:
    """To be called with a program's arguments; gives the terminal it runs on, its own session and foreground."""
    with contextlib.ExitStack() as stack:
        yield lambda *argv, **options: stack.enter_context(Terminal(list(argv), **options))


class Terminal:
    """A program on a pseudo-terminal, as a user at a keyboard has it."""

    def __init__(self, argv: list[str], *, rows: int = 24, columns: int = 100, **environment: str) -> None:
        self.seen = b""
        self.status: int | None = None
        self._fresh = b""
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            ours = {name: value for name, value in os.environ.items() if name not in ("LINES", "COLUMNS")}
            os.execvpe(argv[0], argv, ours | {"TERM": "xterm"} | environment)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._fd, text.encode())

    def resize(self, rows: int, columns: int) -> None:
        """Pull at the corner of the window."""
        ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait_for(self, text: str, timeout: float = LIMIT_S) -> str:
        """Read until ``text`` has been shown, after what was waited for before; give all between."""
        deadline = time.monotonic() + timeout
        while text.encode() not in self._fresh:
            if not self._read(deadline):
                pytest.fail(f"{text!r} was never shown, but {self._fresh[-2000:]!r}")
        shown, _, self._fresh = self._fresh.partition(text.encode())
        return shown.decode(errors="replace") + text

    def wait(self, timeout: float = LIMIT_S) -> int:
        """Read to the end; give the exit status."""
        deadline = time.monotonic() + timeout
        while self._read(deadline):
            pass
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._fd], [], [], max(deadline - time.monotonic(), 0))
        if not ready:
            pytest.fail(f"nothing more was shown after {self.seen[-2000:]!r}")
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # the last one who had it open is gone
            return False
        self.seen += data
        self._fresh += data
        return bool(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)
            os.close(self._fd)
            os.waitpid(self.pid, 0)
        else:
            os.close(self._fd)
