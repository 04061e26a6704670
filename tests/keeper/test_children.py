"""What a child gets and how its end is told, at the level of the wire."""

import errno
import os
import resource
import signal
import time
from pathlib import Path

import pytest

from procession.wire import frames

READS_ITS_SIGNALS = "grep -E '^Sig(Blk|Ign)' /proc/self/status"
SHELL = "/bin/sh"


def test_every_exit_code_and_signal_is_told(keeper):
    """Raw statuses, as wait(2) gives them."""
    controller = keeper.attached()
    for code in range(256):
        assert controller.run(code, SHELL, "-c", f"exit {code}").status == code << 8
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL, signal.SIGRTMAX):
        assert controller.run(1000 + number, SHELL, "-c", f"kill -{int(number)} $$").status & 0x7F == number


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"executable": "/nonexistent"}, (errno.ENOENT, "exec")),
        ({"executable": "/etc/passwd"}, (errno.EACCES, "exec")),
        ({"cwd": b"/nonexistent"}, (errno.ENOENT, "cwd")),
        ({"leaf": b"/nonexistent"}, (errno.EOPNOTSUPP, "cgroup")),
        ({"soft_limits": {99: 1}}, (errno.EINVAL, "wire")),
    ],
)
def test_a_refusal_names_its_stage(keeper, options, refusal):
    """And nothing is left; the next one starts."""
    controller = keeper.attached()
    controller.spawn(1, SHELL, "-c", "exit 0", **options)
    assert controller.refusal() == refusal
    assert controller.run(1, SHELL, "-c", "exit 3").status == 3 << 8


def test_an_unknown_op_and_an_unknown_version_are_refused(keeper):
    """By name, and the connection goes on."""
    controller = keeper.attached()
    controller.ask(33, 5)
    assert controller.refusal() == (errno.ENOSYS, "wire")
    newer = bytearray(frames.encode(frames.SPAWN, 6))
    newer[5] = frames.VERSION + 1
    controller.socket.sendall(newer)
    assert controller.refusal() == (errno.EPROTONOSUPPORT, "wire")
    controller.ask(frames.SPAWN, 7, b"nonsense", fds=(controller.null,) * 3)
    assert controller.refusal() == (errno.EINVAL, "wire")
    assert controller.run(1, SHELL, "-c", "exit 3").status == 3 << 8


def test_descriptors_are_exactly_those_given(keeper, python):
    """C008: 0, 1, 2, and the further ones from 3 on in their order, whatever the keeper has open."""
    controller = keeper.attached()
    pipes = [os.pipe() for _ in range(4)]
    for key in range(8):
        controller.ask(frames.HOLD, key, b"pipe", fds=(pipes[3][0],))
    script = (
        "import os; print([os.fstat(fd).st_ino for fd in (3, 4, 5)], sorted(map(int, os.listdir('/proc/self/fd'))))"
    )
    try:
        text = controller.output_of(1, python, "-I", "-S", "-c", script, further=tuple(pipe[1] for pipe in pipes[:3]))
        inodes = [os.fstat(pipe[0]).st_ino for pipe in pipes[:3]]
    finally:
        for fd in sum(pipes, ()):
            os.close(fd)

    assert text == f"{inodes} [0, 1, 2, 3, 4, 5, 6]\n"  # 6 is the listing itself


@pytest.mark.parametrize(
    "start",
    [
        ("/usr/bin/env", "--ignore-signal=HUP,INT,TERM,CHLD,USR1,PIPE"),
        ("/usr/bin/env", "--block-signal=TERM,CHLD,USR2"),
    ],
)
def test_signals_are_as_at_birth(make_keeper, start):
    """C010: whatever the keeper's starter ignored or blocked, a child ignores and blocks nothing."""
    controller = make_keeper(start=start).attached()
    masks = controller.output_of(1, SHELL, "-c", READS_ITS_SIGNALS).split()
    assert [int(mask, 16) for mask in masks[1::2]] == [0, 0]
    pid = controller.start(2, "/bin/sleep", "1000")
    os.kill(pid, signal.SIGTERM)
    assert controller.exit().status == signal.SIGTERM


def test_the_keeper_survives_polite_signals(keeper):
    """SIGINT, SIGTERM, SIGHUP and SIGQUIT are for others."""
    controller = keeper.attached()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        os.kill(keeper.pid, number)
    assert controller.run(1, SHELL, "-c", "exit 3").status == 3 << 8
    assert os.getsid(keeper.pid) == keeper.pid


def test_limits_are_the_callers(make_keeper):
    """C108: the keeper raised its own, but a child has those that its starter had, or those that were asked for."""
    keeper = make_keeper(start=(SHELL, "-c", 'ulimit -S -n 200; exec "$@"', "sh"))
    controller = keeper.attached()
    assert controller.output_of(1, SHELL, "-c", "ulimit -n") == "200\n"
    wanted = {resource.RLIMIT_NOFILE: 77, resource.RLIMIT_CORE: 0, resource.RLIMIT_NPROC: 2**60}
    assert controller.output_of(2, SHELL, "-c", "ulimit -n; ulimit -c", soft_limits=wanted) == "77\n0\n"
    soft, hard = resource.prlimit(keeper.pid, resource.RLIMIT_NOFILE)
    assert soft == hard


def test_directory_umask_session_and_environment_are_those_asked_for(keeper, tmp_path):
    """Nothing of the keeper's own shows through."""
    controller = keeper.attached()
    script = "pwd; umask; env; test $$ = $(ps -o sid= -p $$) && echo leads"
    text = controller.output_of(
        1, SHELL, "-c", script, cwd=os.fsencode(tmp_path), umask=0o027, environment=[b"PATH=/usr/bin:/bin", b"EMPTY="]
    )
    assert {f"{tmp_path}", "0027", "EMPTY=", "leads"} <= set(text.split("\n"))
    assert "HOME=" not in text


def test_a_spawn_sent_again_runs_once(keeper, tmp_path):
    """Alive: STARTED again. Ended and not acknowledged: EXITED again."""
    controller = keeper.attached()
    argv = SHELL, "-c", f"echo ran >> {tmp_path}/runs; read line"
    reading, writing = os.pipe()
    pid = controller.start(1, *argv, fds=(reading,))
    os.close(reading)
    assert controller.start(1, *argv) == pid
    os.close(writing)
    first = controller.exit()
    controller.spawn(1, *argv)
    again = controller.exit()
    assert (first.seq, first.pid, first.status) == (again.seq, again.pid, again.status)
    assert (tmp_path / "runs").read_text() == "ran\n"


def test_the_descriptor_of_a_child_is_its_own(keeper, tools):
    """STARTED carries a pidfd that signals it, while the keeper keeps none."""
    controller = keeper.attached()
    held = Path(f"/proc/{keeper.pid}/fd")
    before = len(list(held.iterdir()))
    controller.spawn(1, "/bin/sleep", "1000")
    started = controller.next(frames.STARTED)
    tools.settle(lambda: len(list(held.iterdir())) == before)  # it lets go an instant after it has told
    signal.pidfd_send_signal(started.fds[0], signal.SIGKILL)
    started.close()
    assert controller.exit().status == signal.SIGKILL
    tools.settle(lambda: len(list(held.iterdir())) == before)


def test_stops_are_told(keeper):
    """STOPPED with its signal, CONTINUED after it; a later controller is told who is stopped."""
    controller = keeper.durable()
    pid = controller.start(1, "/bin/sleep", "1000")
    os.kill(pid, signal.SIGSTOP)
    assert controller.next(frames.STOPPED).fields == [b"%d" % signal.SIGSTOP]
    os.kill(pid, signal.SIGCONT)
    assert controller.next(frames.CONTINUED).id == 1
    os.kill(pid, signal.SIGSTOP)
    assert controller.next(frames.STOPPED).id == 1
    controller.close()
    second = keeper.connect()
    assert second.next(frames.STOPPED).id == 1
    os.kill(pid, signal.SIGKILL)
    assert second.exit().status == signal.SIGKILL


def test_usage_is_the_childs_own(keeper, python):
    """CPU time is told; memory only where it cannot be the keeper's."""
    controller = keeper.attached()
    assert controller.run(1, SHELL, "-c", "exit 0").max_rss_kb == 0
    script = "x = bytearray(80_000_000)\nfor _ in range(3_000_000): pass"
    big = controller.run(2, python, "-I", "-S", "-c", script)
    assert big.max_rss_kb > 80_000
    assert big.user_s + big.system_s > 0.01
    assert abs(big.at - time.time()) < 30


def test_a_thousand_orphans_are_reaped(keeper, tools):
    """C045: they come to the keeper, and no zombie of them stays."""
    controller = keeper.attached()
    controller.run(1, SHELL, "-c", "i=0; while [ $i -lt 1000 ]; do (sleep 0.2 &) ; i=$((i+1)); done")
    tools.settle(lambda: not children_of(keeper.pid))


def test_five_hundred_exits_at_once_are_all_told(keeper):
    """Each once, with its own code."""
    controller = keeper.durable()
    gate, opener = os.pipe()
    for key in range(500):
        controller.start(key, SHELL, "-c", f"read line; exit {key % 250}", fds=(gate,))
    os.close(gate)
    os.close(opener)
    exits = [controller.exit() for _ in range(500)]
    assert {each.key: each.status >> 8 for each in exits} == {key: key % 250 for key in range(500)}
    assert [each.seq for each in exits] == list(range(1, 501))


def children_of(pid):
    """The pids of its children, zombies included."""
    with open(f"/proc/{pid}/task/{pid}/children") as listing:
        return listing.read().split()
