"""One look at all trees, with real children: nothing is counted twice, nothing is lost, nothing is kept too long.

What a tree uses is looked at from further above in `tests/monitor/test_resources.py`.
"""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from procession.kernel.cgroup import Leaf, remove_group
from procession.kernel.process_table import ProcessTable, Root
from procession.process.cgroup_tree import find_base

MB = 1 << 20
BURN = "import time\ndef burn(s):\n    end = time.process_time() + s\n    while time.process_time() < end: pass\n"
STEP = "import os, signal, sys\ndef step():\n    print(flush=True)\n    sys.stdin.readline()\n"


@pytest.fixture
def table():
    """A table, closed afterwards."""
    table = ProcessTable()
    yield table
    table.close()


class Steps:
    """A program that goes on when it is told to, until its next step."""

    def __init__(self, program: str, *arguments: object) -> None:
        argv = [sys.executable, "-c", STEP + BURN + program, *map(str, arguments)]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        self.roots = {"t": Root(self.process.pid)}
        self.process.stdout.readline()

    def go_on(self) -> None:
        """Let it do its next step, to the end."""
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        self.process.stdout.readline()


@contextlib.contextmanager
def steps(program: str, *arguments: object):
    """Run it until the block ends."""
    running = Steps(program, *arguments)
    try:
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait()
        running.process.stdin.close()
        running.process.stdout.close()


@contextlib.contextmanager
def sleepers(count: int):
    """So many trees of one process each."""
    processes = [subprocess.Popen(["sleep", "1000"], start_new_session=True) for _ in range(count)]
    try:
        yield {str(each.pid): Root(each.pid) for each in processes}
    finally:
        for each in processes:
            each.kill()
            each.wait()


def test_what_a_child_wrote_is_counted_once(table, tmp_path):
    """Its parent takes it over when it waits: 50 MB stay 50 MB."""
    program = f"""
if not (child := os.fork()):
    with open(sys.argv[1], "wb") as file: file.write(bytes({50 * MB}))
    step()
    os._exit(0)
os.waitpid(child, 0)
step()
"""
    with steps(program, tmp_path / "file") as running:
        before = table.look(running.roots)["t"]
        running.go_on()
        after = table.look(running.roots)["t"]

    assert 50 * MB <= before.moved_bytes <= after.moved_bytes < 51 * MB
    assert (len(before.pids), len(after.pids)) == (2, 1)


IGNORES = "signal.signal(signal.SIGCHLD, signal.SIG_IGN)"
IS_RID_OF_IT = "try: os.waitpid(child, 0)\nexcept ChildProcessError: pass"
LEAVES_A_ZOMBIE = "os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)"


@pytest.mark.parametrize(("begin", "end"), [(IGNORES, IS_RID_OF_IT), ("", LEAVES_A_ZOMBIE)], ids=["ignored", "zombie"])
def test_the_time_of_a_child_that_is_not_waited_for_stays(table, begin, end):
    """Nobody takes it over; and what others use from then on is seen at once."""
    program = f"""
{begin}
if not (child := os.fork()):
    burn(0.5)
    step()
    os._exit(0)
{end}
step()
burn(0.3)
step()
"""
    with steps(program) as running:
        alive = table.look(running.roots)["t"]
        running.go_on()
        ended = table.look(running.roots)["t"]
        running.go_on()
        later = table.look(running.roots)["t"]

    assert alive.cpu_s >= 0.49
    assert 0 <= ended.cpu_s - alive.cpu_s < 0.2
    assert 0.28 <= later.cpu_s - ended.cpu_s < 0.5
    assert (len(alive.pids), len(ended.pids)) == (2, 1)


def test_two_generations_that_end_between_two_looks_count_once(table):
    """The grandchild's time goes to the child, and with that to the leader."""
    program = """
if not (child := os.fork()):
    if not (grandchild := os.fork()):
        burn(0.5)
        step()
        os._exit(0)
    os.waitpid(grandchild, 0)
    os._exit(0)
os.waitpid(child, 0)
step()
"""
    with steps(program) as running:
        before = table.look(running.roots)["t"]
        running.go_on()
        after = table.look(running.roots)["t"]

    assert 0.49 <= before.cpu_s <= after.cpu_s < before.cpu_s + 0.2
    assert (len(before.pids), len(after.pids)) == (3, 1)


def test_a_process_whose_first_thread_ended_is_a_member(table, children, tmp_path):
    """The letter says zombie while another thread runs on: it lives, and its memory counts."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("cc is not installed")
    program = tmp_path / "loses_its_leader_thread"
    subprocess.run([compiler, "-pthread", "-o", program, children / "loses_its_leader_thread.c"], check=True)
    child = subprocess.Popen([program], stdout=subprocess.PIPE)
    try:
        child.stdout.readline()
        seen = table.look({"t": Root(child.pid)})["t"]
        assert seen.pids == (child.pid,)
        assert seen.memory_bytes > 0
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def test_looks_survive_a_storm(table):
    """Processes come and go while they are read: no error, and the time never goes back."""
    storm = "while :; do for i in 1 2 3 4; do /bin/true & done; (/bin/true &); wait; done"
    leader = subprocess.Popen(["nice", "sh", "-c", storm], start_new_session=True)
    try:
        spent_s = 0.0
        for _ in range(40):
            seen = table.look({"t": Root(leader.pid)})["t"]
            assert leader.pid in seen.pids
            assert seen.cpu_s >= spent_s
            spent_s = seen.cpu_s
    finally:
        os.killpg(leader.pid, signal.SIGKILL)
        leader.wait()


def test_the_descriptors_kept_are_a_share_of_those_we_may_have():
    """A quarter; who finds no room is read all the same."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    open_before = len(os.listdir("/proc/self/fd"))
    with sleepers(30) as roots:
        resource.setrlimit(resource.RLIMIT_NOFILE, (open_before + 60, hard))
        try:
            table = ProcessTable()
            for _ in range(3):
                assert table.look(roots).keys() == roots.keys()
            assert len(os.listdir("/proc/self/fd")) - open_before <= (open_before + 60) // 4
            table.close()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_without_any_descriptor_left_those_known_are_seen(table):
    """Neither can anybody be listed nor a file be opened: what is kept still tells, and nobody is taken for dead."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with sleepers(3) as roots:
        kept = dict(list(roots.items())[:2])
        assert table.look(kept).keys() == kept.keys()
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        try:
            assert table.look(kept).keys() == kept.keys()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert table.look(roots).keys() == roots.keys()


def test_an_orphan_is_known_by_its_control_group(table):
    """No parent, session or cookie tells: the group does, and does not confuse two trees within one outer group."""
    base = find_base()
    if base is None:
        pytest.skip("there can be no control groups of ours")
    outer = base.take_leaf()
    inside = [Leaf(f"{outer.path}/procession-1-2/t{number}") for number in (1, 2)]
    sleepers = []
    try:
        for leaf in inside:
            os.makedirs(leaf.path)
            sleepers.append(subprocess.Popen(["sleep", "1000"], start_new_session=True))
            Path(leaf.path, "cgroup.procs").write_text(str(sleepers[-1].pid))
        roots = {leaf.path: Root(2**22 + 1 + number, leaf.path) for number, leaf in enumerate(inside)}
        seen = {key: each.pids for key, each in table.look(roots).items()}
        assert seen == {leaf.path: (each.pid,) for leaf, each in zip(inside, sleepers, strict=True)}
    finally:
        for each in sleepers:
            each.kill()
            each.wait()
        remove_group(outer.path)


@pytest.mark.root
def test_who_gets_the_number_of_a_leader_is_not_of_its_tree(python, children):
    """Nor is its session: the one member that lives on is all there is; nobody who was told otherwise sees anybody."""
    looks = subprocess.run(
        [python, children / "looks_at_a_reused_number.py"], capture_output=True, text=True, timeout=30
    )

    assert looks.stdout.split() == ["2", "1", "0"], looks.stderr
