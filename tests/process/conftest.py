"""What the tests of running processes share: both kinds of tree, and a few ways to look at what runs.

Not a second library: whatever looks at a process here asks the kernel itself.
"""

import contextlib
import os
import select
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from procession.process.cgroup_tree import find_base
from procession.process.process import Process


@pytest.fixture(scope="session", autouse=True)
def base_directory() -> bool:
    """Whether there is a directory of control groups here; found once, before any test counts its descriptors."""
    return find_base() is not None


@pytest.fixture(params=["control_group", "session"])
def tree_kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, base_directory: bool) -> str:
    """Run the test with both kinds of tree; without a writable control group only with the one known by its session."""
    if request.param == "session":
        monkeypatch.setattr("procession.process.tree.find_base", lambda: None)
    elif not base_directory:
        pytest.skip("no writable control group here")
    return str(request.param)


@pytest.fixture
def first_line() -> Callable[[Process], Awaitable[str]]:
    """To be awaited with a process: the first line of its standard output, which says that it is where we want it."""
    return _first_line


@pytest.fixture
def is_alive() -> Callable[[int], bool]:
    """Whether a pid is a process that has not ended; asked of a descriptor, never of the letter in its stat."""
    return _is_alive


@pytest.fixture
def run_host(children: Path) -> Callable[..., str]:
    """Run a child that uses procession itself, in a process of its own: what it printed. It must end well, in time."""

    def run(name: str, *arguments: object, within_s: float = 15.0, **environment: str) -> str:
        argv = [sys.executable, str(children / name), *map(str, arguments)]
        ended = subprocess.run(
            argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=within_s, env={**os.environ, **environment}
        )
        shown = ended.stdout.decode(errors="replace")
        assert ended.returncode == 0, shown
        return shown

    return run


async def _first_line(process: Process) -> str:
    async with contextlib.aclosing(process.stdout.lines()) as lines:
        return await anext(lines)


def _is_alive(pid: int) -> bool:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return not poll.poll(0)
    finally:
        os.close(descriptor)
