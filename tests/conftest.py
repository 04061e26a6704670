"""How every test here is run: coroutines on a bounded loop, and nothing left behind.

Not a shelf for the fixtures of one room: those stand in the conftest beside that room's tests.
"""

import asyncio
import functools
import gc
import inspect
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import settings

from procession.process.cgroup_tree import find_base

TEST_LIMIT_S = 60.0
LONG_TEST_LIMIT_S = 600.0
AGENTS_LIMIT_S = 180.0
SETTLING_S = 1.0
COOKIE = "LEFT_BY_TEST_RUN"
FAILED = pytest.StashKey[bool]()

# Two cores shared by everything make the duration of one example say nothing about the code.
settings.register_profile("procession", deadline=None, print_blob=True)
settings.load_profile("procession")


@pytest.fixture(scope="session", autouse=True)
def home_in_the_control_groups() -> None:
    """The library holds one descriptor on its own control group from the first start on: not one of any test's."""
    find_base()


@pytest.fixture
def children() -> Path:
    """The folder of the tiny programs that misbehave for real."""
    return Path(__file__).parent / "children"


@pytest.fixture
def python() -> str:
    """The interpreter that runs the tests, to run children with."""
    return sys.executable


@pytest.fixture
def wait_until() -> Callable[..., Awaitable[Any]]:
    """To be awaited with a predicate and a timeout where no event announces a condition; gives what became true."""
    return _wait_until


@pytest.fixture(scope="session")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The socket of a daemon's API with tasks in memory: a process of its own, one for all tests."""
    path = tmp_path_factory.mktemp("daemon") / "api.sock"
    program = Path(__file__).parent / "children" / "answers_as_a_daemon.py"
    with subprocess.Popen([sys.executable, program, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield str(path)
        process.kill()


@pytest.fixture
def control(scripted: str) -> Iterator[Callable[..., Any]]:
    """To be called with a word (``script``, ``fill``, ``seen``) and its values: what the daemon does behind the API."""
    from procession.client.door import Door
    from procession.client.http import Request

    door = Door(scripted, 1.0)

    def ask(word: str, **values: Any) -> Any:
        body = b"" if word == "seen" else msgspec.json.encode(values)
        request = Request(method="POST" if body else "GET", target=f"/{word}", body=body)
        return msgspec.json.decode(door.exchange(request).body)

    ask("reset")
    yield ask
    door.close()


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test its processes, descriptors and threads are gone; what is not is named, and ended if it can be."""
    processes, threads, descriptors = _processes(), _threads(), _descriptors()
    yield
    strays = _strays(processes)
    gc.collect()
    left = [f"process {stray.pid}: {stray.shown()}" for stray in strays]
    left += [f"thread {tid} ({name})" for tid, name in _settled_threads(threads).items()]
    left += [f"descriptor {key.fd} -> {target}" for key, target in _descriptors().items() if key not in descriptors]
    for stray in strays:
        stray.end()
    # The traceback of a failed test keeps its objects alive: what they hold is no news beside the failure itself.
    if left and not request.node.stash.get(FAILED, False):
        pytest.fail("the test left behind:\n  " + "\n  ".join(left), pytrace=False)


def pytest_configure() -> None:
    """Mark everything that the tests start, so that a descendant is known even when its parents are gone."""
    os.environ[COOKIE] = f"{os.getpid()}.{time.time_ns()}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give long tests, and those of agents, their time, and leave out what needs root when we are not."""
    for item in items:
        if _limit_s(item) > TEST_LIMIT_S and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_limit_s(item) + TEST_LIMIT_S))
        if item.get_closest_marker("root") and os.geteuid() != 0:
            item.add_marker(pytest.mark.skip(reason="needs the rights of root"))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run `async def` tests on a loop of their own; each example of a property test gets its own, too."""
    limit_s = _limit_s(pyfuncitem)
    test = pyfuncitem.obj
    property_test = getattr(test, "hypothesis", None)
    if property_test is not None:
        property_test.inner_test = _blocking(property_test.inner_test, limit_s)
        return None
    if not inspect.iscoroutinefunction(test):
        return None
    wanted = pyfuncitem._fixtureinfo.argnames
    _blocking(test, limit_s)(**{name: pyfuncitem.funcargs[name] for name in wanted})
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Remember that a test failed, for those that look after it."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or call.excinfo is not None
    return report


def _limit_s(item: pytest.Item) -> float:
    if item.get_closest_marker("long"):
        return LONG_TEST_LIMIT_S
    return AGENTS_LIMIT_S if item.get_closest_marker("agents") else TEST_LIMIT_S


async def _wait_until(predicate: Callable[[], Any], timeout: float = 10.0) -> Any:
    deadline = time.monotonic() + timeout
    while not (found := predicate()):
        if time.monotonic() > deadline:
            pytest.fail(f"still not true after {timeout:g} s: {inspect.getsource(predicate).strip()}")
        await asyncio.sleep(0.005)
    return found


def _blocking(test: Callable[..., Any], limit_s: float) -> Callable[..., Any]:
    if not inspect.iscoroutinefunction(test):
        return test

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(_bounded(test(*args, **kwargs), limit_s))

    return run


async def _bounded(test: Coroutine[Any, Any, None], limit_s: float) -> None:
    async with asyncio.timeout(limit_s):
        await test
    if left := asyncio.all_tasks() - {asyncio.current_task()}:
        pytest.fail("the test left tasks behind:\n  " + "\n  ".join(map(repr, left)), pytrace=False)


class _Process(NamedTuple):
    """One process of this machine; a pid alone may be somebody else's tomorrow."""

    pid: int
    started: bytes
    parent: int

    def is_ours(self) -> bool:
        return self.parent == os.getpid() or f"{COOKIE}={os.environ[COOKIE]}".encode() in self.environ()

    def environ(self) -> list[bytes]:
        return _read(f"/proc/{self.pid}/environ").split(b"\0")

    def shown(self) -> str:
        return _read(f"/proc/{self.pid}/cmdline").replace(b"\0", b" ").decode(errors="replace") or "(a zombie)"

    def end(self) -> None:
        """End it by its identity, and reap it if that is for us to do."""
        try:
            pidfd = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            if _process(self.pid) == self:
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                os.waitid(os.P_PIDFD, pidfd, os.WEXITED)
        except (ProcessLookupError, ChildProcessError):
            pass
        finally:
            os.close(pidfd)


def _strays(before: set[tuple[int, bytes]]) -> list[_Process]:
    """What was started since and still is: our children at once, remoter descendants after a moment to finish dying."""
    for _ in _moments():
        new = [_process(pid) for pid, started in _processes() - before]
        ours = [process for process in new if process and process.is_ours()]
        if not ours or any(process.parent == os.getpid() for process in ours):
            break
    return ours


def _processes() -> set[tuple[int, bytes]]:
    found = (_process(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return {(process.pid, process.started) for process in found if process}


def _process(pid: int) -> _Process | None:
    # The name may hold spaces and brackets; the fields after its last bracket start with the third.
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return _Process(pid, fields[19], int(fields[1])) if fields else None


def _settled_threads(before: dict[int, str]) -> dict[int, str]:
    """The threads since: one that was joined is still listed for an instant, until the kernel has let go of it."""
    for _ in _moments():
        left = {tid: name for tid, name in _threads().items() if tid not in before}
        if not left:
            break
    return left


def _threads() -> dict[int, str]:
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    return {tid: names.get(tid, "unknown to Python") for tid in map(int, os.listdir("/proc/self/task"))}


class _Descriptor(NamedTuple):
    """A number and what it leads to: a number given back and taken again is another descriptor."""

    fd: int
    device: int
    inode: int


def _descriptors() -> dict[_Descriptor, str]:
    found = {}
    for fd in map(int, os.listdir("/proc/self/fd")):
        try:
            facts, target = os.fstat(fd), os.readlink(f"/proc/self/fd/{fd}")
        except OSError:  # the one that listed the folder
            continue
        found[_Descriptor(fd, facts.st_dev, facts.st_ino)] = target
    return found


def _moments() -> Iterator[None]:
    deadline = time.monotonic() + SETTLING_S
    yield
    while time.monotonic() < deadline:
        time.sleep(0.005)
        yield


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""
