"""What the tests of running processes share: both parents, both kinds of tree, and a few ways to look at what runs.

Every coroutine here runs twice, as it stands: once as the parent of what it starts, and once (``keeper``) with a keeper
as the parent. The second time only where the parent can matter, and with both kinds of tree only where both matter to
it, unless the long tests are run.
Not a second library: whatever looks at a process here asks the kernel itself.
"""

import asyncio
import contextlib
import functools
import inspect
import os
import select
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from procession.process.cgroup_tree import find_base
from procession.process.keeper import Keeper
from procession.process.launch import default_parent
from procession.process.process import Process

PARENT_MATTERS = {
    "test_after_the_end",
    "test_channel",
    "test_descendants_kept",
    "test_descriptors",
    "test_escapees",
    "test_event_order",
    "test_exit",
    "test_exit_storm",
    "test_leaked_output",
    "test_leaving_the_block",
    "test_notices",
    "test_permission",
    "test_pty",
    "test_signal_state",
    "test_sizes",
    "test_starting",
    "test_stdin",
    "test_stop_sequence",
    "test_stops_from_outside",
    "test_suspend",
    "test_terminate",
    "test_timeout",
    "test_tree",
    "test_usage",
    "test_waiting",
}
"""Files of which every run repeats the coroutines with a keeper; those of the others are repeated by the long tests."""

BOTH_TREES_MATTER = {"test_descendants_kept", "test_escapees", "test_suspend", "test_tree"}
"""Files of which every run repeats the coroutines with a keeper and both kinds of tree; others with control groups."""

SETTLING_S = 2.0


class Mode:
    """Who the parent of the test's processes is: ``name``, and its ``pid``."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.pid = os.getpid()


@pytest.fixture(autouse=True)
def mode(request: pytest.FixtureRequest) -> Mode:
    """Who the parent is; a keeper is started with the test's event loop, and its pid is known from then on."""
    return Mode(getattr(request, "param", "in_process"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run coroutines with both parents; one that is about this process itself says why it is not repeated."""
    if not inspect.iscoroutinefunction(metafunc.function) or metafunc.definition.get_closest_marker("in_process"):
        return
    matters = Path(metafunc.module.__file__).stem in PARENT_MATTERS
    keeper = pytest.param("keeper", marks=() if matters else pytest.mark.long)
    metafunc.parametrize("mode", ["in_process", keeper], indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave trees without a control group below a keeper to the long tests, where there are control groups."""
    for item in items:
        chosen = getattr(getattr(item, "callspec", None), "params", {})
        is_doubled = chosen.get("mode") == "keeper" and chosen.get("tree_kind") == "session"
        if is_doubled and item.path.stem not in BOTH_TREES_MATTER and find_base() is not None:
            item.add_marker(pytest.mark.long)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Give the test's event loop a keeper, where that is asked for."""
    mode = pyfuncitem.funcargs["mode"]
    if mode.name == "keeper":
        pyfuncitem.obj = _kept(pyfuncitem.obj, mode)
    return (yield)


def _kept(test: Callable[..., Any], mode: Mode) -> Callable[..., Any]:
    @functools.wraps(test)
    async def run(**fixtures: Any) -> None:
        async with Keeper() as keeper:
            mode.pid = keeper.pid
            default_parent.set(keeper.parent)
            before = _number_of_descriptors(keeper.pid)
            await test(**fixtures)
            await _settled(keeper.pid, before)

    return run


async def _settled(keeper: int, descriptors: int) -> None:
    """The keeper holds nothing more than before, and is nobody's parent."""
    deadline = time.monotonic() + SETTLING_S
    while time.monotonic() < deadline and (_number_of_descriptors(keeper) > descriptors or _children(keeper)):
        await asyncio.sleep(0.002)
    assert _children(keeper) == []
    assert _number_of_descriptors(keeper) == descriptors


def _number_of_descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


@pytest.fixture(scope="session", autouse=True)
def base_directory() -> bool:
    """Whether there is a directory of control groups here; found once, before any test counts its descriptors."""
    return find_base() is not None


@pytest.fixture(params=["control_group", "session"])
def tree_kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, base_directory: bool) -> str:
    """Run the test with both kinds of tree; without a writable control group only with the one known by its session."""
    if request.param == "session":
        monkeypatch.setattr("procession.process.tree.find_base", lambda: None)
        monkeypatch.setattr("procession.process.keeper.find_base", lambda: None)
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
