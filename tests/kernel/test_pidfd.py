"""Process descriptors: exactly this process is reaped, signalled and asked, whoever else does what meanwhile."""

import contextlib
import os
import platform
import select
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from procession.kernel import pidfd


def start(*argv: str) -> int:
    """Start a program of /bin; its pid."""
    return os.posix_spawn(f"/bin/{argv[0]}", argv, dict(os.environ))


def wait_ended(descriptor: int) -> None:
    """Wait until the process has ended, and leave it to be reaped."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    assert poll.poll(5000)


@pytest.fixture
def sleeper() -> Iterator[tuple[int, int]]:
    """A child that sleeps, and a descriptor on it; ended and reaped afterwards, if the test has not."""
    pid = start("sleep", "1000")
    descriptor = pidfd.open_pidfd(pid)
    assert descriptor is not None
    yield pid, descriptor
    pidfd.send_signal(descriptor, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitid(os.P_PIDFD, descriptor, os.WEXITED)
    os.close(descriptor)


def test_nobody_has_no_descriptor():
    """C059: a pid that is gone gives None; ESRCH is no error."""
    pid = start("true")
    os.waitpid(pid, 0)

    assert pidfd.open_pidfd(pid) is None
    assert not pidfd.signal_if(pid, signal.SIGKILL, lambda: True)


def test_a_descriptor_is_not_passed_on(sleeper):
    """C044: close-on-exec."""
    assert not os.get_inheritable(sleeper[1])


def test_reaping_never_waits(sleeper):
    """C059: None while it lives; once, and only once, its status when it has ended."""
    pid, descriptor = sleeper
    assert pidfd.reap(pid, descriptor) is None
    assert not pidfd.has_ended(descriptor)
    os.kill(pid, signal.SIGTERM)
    wait_ended(descriptor)
    reaped = pidfd.reap(pid, descriptor)
    assert reaped is not None
    assert reaped.status == signal.SIGTERM
    assert reaped.usage is not None


@pytest.mark.parametrize("code", [0, 1, 7, 128, 255])
def test_a_code_is_kept(code):
    """C055: as the child gave it."""
    pid = start("sh", "-c", f"exit {code}")
    descriptor = pidfd.open_pidfd(pid)
    wait_ended(descriptor)
    reaped = pidfd.reap(pid, descriptor)
    os.close(descriptor)
    assert reaped is not None
    assert reaped.status is not None
    assert os.waitstatus_to_exitcode(reaped.status) == code


def test_another_child_is_not_touched(sleeper):
    """C059: a zombie beside ours stays to be reaped by whom it belongs to."""
    other = start("true")
    os.waitid(os.P_PID, other, os.WEXITED | os.WNOWAIT)
    assert pidfd.reap(*sleeper) is None
    assert os.waitpid(other, os.WNOHANG)[0] == other


def test_somebody_else_was_faster():
    """C059: reaped by another part of the host: the kernel may still tell; if not, the status is None, never 0."""
    pid = start("sh", "-c", "exit 7")
    descriptor = pidfd.open_pidfd(pid)
    os.waitpid(pid, 0)
    reaped = pidfd.reap(pid, descriptor)
    os.close(descriptor)
    assert reaped is not None
    assert reaped.usage is None
    can_tell = tuple(map(int, platform.release().split(".")[:2])) >= (6, 15)
    assert reaped.status == (7 << 8 if can_tell else None)


def test_what_is_stopped_has_not_ended(sleeper):
    """C087: stopping and continuing are told once each, in order, and are no end."""
    pid, descriptor = sleeper
    assert pidfd.stop_state_changed(descriptor) is None
    for number, meant in ((signal.SIGSTOP, True), (signal.SIGCONT, False), (signal.SIGSTOP, True)):
        os.kill(pid, number)
        deadline = time.monotonic() + 5
        while (changed := pidfd.stop_state_changed(descriptor)) is None:
            assert time.monotonic() < deadline
        assert changed is meant
        assert pidfd.stop_state_changed(descriptor) is None
        assert not pidfd.has_ended(descriptor)
        assert pidfd.reap(pid, descriptor) is None


def test_a_question_about_stops_takes_no_exit(sleeper):
    """C059: asking whether it was stopped leaves the exit to be reaped."""
    pid, descriptor = sleeper
    os.kill(pid, signal.SIGKILL)
    wait_ended(descriptor)
    assert pidfd.stop_state_changed(descriptor) is None
    reaped = pidfd.reap(pid, descriptor)
    assert reaped is not None
    assert reaped.status == signal.SIGKILL


def test_a_zombie_is_signalled_without_harm(sleeper):
    """C059: signalling what ended a moment ago is no error, before and after it is reaped."""
    pid, descriptor = sleeper
    os.kill(pid, signal.SIGKILL)
    wait_ended(descriptor)
    pidfd.send_signal(descriptor, signal.SIGTERM)
    os.waitpid(pid, 0)
    assert pidfd.send_signal(descriptor, signal.SIGTERM) is False


def test_a_signal_is_sent_only_to_who_is_still_meant(sleeper):
    """C049: the question whether it is still meant is asked while the descriptor holds the process."""
    pid, descriptor = sleeper
    assert not pidfd.signal_if(pid, signal.SIGKILL, lambda: False)
    assert not pidfd.has_ended(descriptor)
    before = len(os.listdir("/proc/self/fd"))
    seen = []
    assert pidfd.signal_if(pid, signal.SIGKILL, lambda: bool(seen.append(len(os.listdir("/proc/self/fd"))) or True))
    assert seen == [before + 1]
    wait_ended(descriptor)
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_status_of_a_grandchild_can_be_asked_for_once_it_is_reaped():
    """C059: not our child: nothing while it lives; after its parent reaped it what the kernel tells, or None."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(["sh", "-c", "exec 3<&0; (read line <&3; exit 42) & echo $!; wait"], **pipes) as parent:
        descriptor = pidfd.open_pidfd(int(parent.stdout.readline()))
        assert pidfd.exit_status(descriptor) is None
        parent.stdin.write(b"go\n")
        parent.stdin.flush()
        parent.wait()
        assert pidfd.has_ended(descriptor)
        assert pidfd.exit_status(descriptor) in (42 << 8, None)
        os.close(descriptor)
