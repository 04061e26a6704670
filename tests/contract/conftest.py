"""One port, three ways to run tasks: in this process, with a keeper, and through a daemon of its own home.

Every test here is one claim that all three must keep to the letter. The daemon is shared by the tests of a file; after
each test no task of it is left, and whoever ran it holds no descriptor more than before.
Not here: what a crash must not lose (``tests/crash``).
"""

import contextlib
import functools
import os
import select
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parent))

from daemon_home import Home
from mode import Mode
from mode_daemon import ByDaemon
from mode_in_process import InProcess, Kept


@pytest.fixture(scope="module", params=["in_process", "keeper", "daemon"])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home | str]:
    """The daemon for the tests of a file, where it is a daemon's turn; else the name of the mode."""
    if request.param != "daemon":
        yield request.param
        return
    home = Home(tmp_path_factory.mktemp("daemon"))
    try:
        home.wait_ready()
        yield home
    finally:
        home.close()


@pytest.fixture
def make_home(tmp_path: Path) -> Iterator[Callable[[], Home]]:
    """To be called for a daemon that is the test's own."""
    with contextlib.ExitStack() as stack:

        def make() -> Home:
            home = Home(tmp_path)
            stack.callback(home.close)
            home.wait_ready()
            return home

        yield make


@pytest.fixture
def mode(home: Home | str, tmp_path: Path) -> Mode:
    """Who runs the test's tasks; entered with the test's event loop."""
    if isinstance(home, Home):
        return ByDaemon(tmp_path, home)
    return Kept(tmp_path) if home == "keeper" else InProcess(tmp_path)


@pytest.fixture
def is_alive() -> Callable[[int], bool]:
    """Whether a pid is a process that has not ended; asked of a descriptor, never of the letter in its stat."""
    return _is_alive


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Open the test's mode before it and close it after it."""
    mode = pyfuncitem.funcargs.get("mode")
    if isinstance(mode, Mode):
        pyfuncitem.obj = _within(mode, pyfuncitem.obj)
    return (yield)


def _within(mode: Mode, test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    @functools.wraps(test)
    async def run(**fixtures: Any) -> None:
        async with mode:
            await test(**fixtures)

    return run


def _is_alive(pid: int) -> bool:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        return not select.select([descriptor], [], [], 0)[0]
    finally:
        os.close(descriptor)
