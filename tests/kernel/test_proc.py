"""Reading /proc: whatever a process is called, whatever becomes of it while one looks."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from procession.kernel import proc


@pytest.mark.parametrize("name", ["a) R 1 (b", "two words", "line\nbreak", "() () ()", "ünï"])
def test_a_name_may_be_anything(tmp_path, name):
    """C054: brackets, blanks and line breaks in the name move no field."""
    program = tmp_path / name
    shutil.copy("/bin/sleep", program)
    child = subprocess.Popen([program, "1000"], start_new_session=True)
    try:
        stat = proc.read_stat(child.pid)
        assert stat is not None
        assert stat.name == name
        assert (stat.pid, stat.ppid, stat.session, stat.threads) == (child.pid, os.getpid(), child.pid, 1)
        assert not stat.is_gone
    finally:
        child.kill()
        child.wait()


def test_nobody_is_none():
    """C054: what is not there, or was and is reaped, is None, nothing or nobody; never an error."""
    child = subprocess.Popen(["true"])
    child.wait()
    for pid in (child.pid, 0, -1, 2**31 - 1, 2**40):
        assert proc.read_stat(pid) is None
        assert proc.read_arguments(pid) == []
        assert [each for each in proc.read_environment(pid) if each] == []


def test_a_zombie_is_gone():
    """C045: a zombie is there to be reaped, and gone for every other purpose."""
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    stat = proc.read_stat(child.pid)
    assert stat is not None
    assert stat.is_gone
    assert proc.read_arguments(child.pid) == []
    child.wait()


def test_a_process_whose_first_thread_ended_is_not_gone(children, tmp_path):
    """C045: the letter says zombie while other threads run on (pthread_exit): it lives."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("cc is not installed")
    program = tmp_path / "loses_its_leader_thread"
    subprocess.run([compiler, "-pthread", "-o", program, children / "loses_its_leader_thread.c"], check=True)
    child = subprocess.Popen([program], stdout=subprocess.PIPE)
    try:
        assert child.stdout.readline() == b"ready\n"
        stat = proc.read_stat(child.pid)
        assert stat is not None
        assert stat.state == "Z"
        assert not stat.is_gone
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def test_an_identity_is_pid_and_start():
    """C049: two looks at one process agree; it began after its parent."""
    child = subprocess.Popen(["sleep", "1000"])
    try:
        first, second = proc.read_stat(child.pid), proc.read_stat(child.pid)
        ours = proc.read_stat(os.getpid())
        assert None not in (first, second, ours)
        assert first.start_ticks == second.start_ticks >= ours.start_ticks
    finally:
        child.kill()
        child.wait()


def test_scans_survive_a_storm():
    """C054: many scans while processes come and go: no error, and whoever stayed is in every one."""
    storm = subprocess.Popen(["nice", "sh", "-c", "while :; do /bin/true & /bin/true & wait; done"])
    try:
        for _ in range(10):
            assert {os.getpid(), storm.pid} <= {stat.pid for stat in proc.scan_stats()}
    finally:
        storm.kill()
        storm.wait()


def test_the_newest_pid_is_that_of_whom_we_just_started():
    """C054: numbers are handed out upwards: what we start now is not beyond the newest, nor before the last one."""
    before = proc.newest_pid()
    child = subprocess.Popen(["true"])
    child.wait()
    after = proc.newest_pid()
    assert before < child.pid <= after or after < before  # the numbers begin anew at their end


def test_arguments_and_environment_are_read_as_they_were_given():
    """C048: also empty arguments and bytes that are no text."""
    argv = ["sleep", "1000"]
    child = subprocess.Popen(argv, env={"A": "1", "B": "x=y", "C": ""})
    odd = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(1000)", "", b"\xff"])
    try:
        while not (proc.read_arguments(child.pid) and proc.read_arguments(odd.pid)):
            time.sleep(0.001)  # exec gives the new arguments an instant after it took the old ones
        assert proc.read_arguments(child.pid) == argv
        assert proc.read_environment(child.pid)[:3] == [b"A=1", b"B=x=y", b"C="]
        assert proc.read_arguments(odd.pid)[-2:] == ["", "\udcff"]
    finally:
        for each in (child, odd):
            each.kill()
            each.wait()


def test_an_exec_under_way_hides_no_environment():
    """C048: between the old environment and the new one a process has none; no look must take that for the truth."""
    for _ in range(300):
        pid = os.fork()
        if not pid:
            os.execve("/bin/sleep", ["sleep", "1000"], {"MARK": "new"})
        try:
            while b"MARK=new" not in (seen := proc.read_environment(pid)):
                assert seen != [b""], "read in the middle of the exec"
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def test_a_kernel_thread_has_no_arguments():
    """C054: kernel threads, where they can be seen, are read like anybody."""
    if not Path("/proc/2/stat").exists():
        pytest.skip("no kernel thread to be seen")
    stat = proc.read_stat(2)
    assert stat is not None
    assert stat.start_ticks >= 0
    assert proc.read_arguments(2) == [] or stat.name != "kthreadd"


def test_who_is_on_its_way_out_is_known():
    """C054: between its last instruction and its being a zombie a process is ending; one that runs is not."""
    child = subprocess.Popen(["sleep", "1000"])
    try:
        stat = proc.read_stat(child.pid)
        assert stat is not None
        assert not stat.is_ending
    finally:
        child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    stat = proc.read_stat(child.pid)
    assert stat is not None
    assert stat.is_ending
    child.wait()
