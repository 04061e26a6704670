"""What real programs wait for when they do nothing."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from procession.kernel import proc
from procession.monitor.waits import look_at_waits

TERMINAL = "a terminal on which nothing comes"
PIPE = "a pipe on which nothing comes"


@contextlib.contextmanager
def tree(argv, **streams):
    """Run a program in a session of its own, and give what lives in it."""
    child = subprocess.Popen(argv, start_new_session=True, **streams)
    try:
        yield lambda: [stat.pid for stat in proc.scan_stats() if stat.session == child.pid and not stat.is_gone]
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        if child.stdin:
            child.stdin.close()


@pytest.fixture
def terminal():
    """The far end of a pty that nobody writes to."""
    near, far = os.openpty()
    yield {"stdin": far, "stdout": far, "stderr": far}
    os.close(near)
    os.close(far)


def settled(pids, *, size: int = 1):
    """Look until the tree has so many processes, and two looks say the same."""
    deadline = time.monotonic() + 10
    before = None
    while time.monotonic() < deadline:
        members = pids()
        seen = look_at_waits(members) if len(members) == size else None
        if seen is not None and seen == before and (seen.reading or seen.resting):
            return seen
        before = seen
        time.sleep(0.1)
    return before


@pytest.mark.parametrize(
    ("argv", "size"),
    [
        (["bash", "-c", "read x"], 1),
        (["bash", "-c", "bash -c 'read x; echo'; echo"], 2),
        ([sys.executable, "-c", "input('name? ')"], 1),
        (["bash", "--norc", "-i"], 1),
    ],
)
def test_who_reads_a_terminal_waits_for_input(terminal, argv, size):
    """By itself, through a child, through a library that edits the line."""
    with tree(argv, **terminal) as pids:
        assert settled(pids, size=size).reading == TERMINAL


def test_a_program_of_callbacks_that_watches_its_terminal_waits_for_input(terminal):
    """It sleeps in epoll, and what it watches there is listed."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    with tree(["node", "-i"], **terminal) as pids:
        assert settled(pids).reading == TERMINAL


def test_who_reads_a_pipe_from_outside_waits_for_input():
    """Its other end is ours."""
    with tree(["cat"], stdin=subprocess.PIPE) as pids:
        assert settled(pids).reading == PIPE


def test_who_reads_what_its_own_tree_writes_does_not():
    """The pipe between two commands of one task is none of ours."""
    with tree(["bash", "-c", "sleep 1000 | cat; true"]) as pids:
        seen = settled(pids, size=3)

    assert seen.reading is None
    assert "clock_nanosleep" in seen.resting


def test_who_sleeps_only_sleeps():
    """What it sleeps in can be named."""
    with tree(["sleep", "1000"]) as pids:
        assert settled(pids) == (None, "clock_nanosleep")


def test_who_waits_for_the_network_says_so():
    """A server without a client, or an agent whose model thinks."""
    program = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); s.accept()"
    with tree([sys.executable, "-c", program]) as pids:
        assert settled(pids) == (None, "waiting on network")


def test_who_computes_waits_for_nothing():
    """And nobody who is gone does, either."""
    with tree(["bash", "-c", "while :; do :; done"]) as pids:
        assert look_at_waits(pids()) == (None, "")
    assert look_at_waits([2**22 + 5]) == (None, "")
    assert look_at_waits([]) == (None, "")
