"""Who dies, and what that costs: the supervisor, its host, the keeper itself."""

import os
import signal
import subprocess

import pytest

from procession.wire import frames
from procession.wire.exits import RECORD_BYTES

SHELL = "/bin/sh"


def test_a_killed_host_leaves_nothing(children, python, tools):
    """Kill -9 of the host: the task and the keeper end."""
    host, keeper, task, _ = start_host(children, python, "alone", "/bin/sleep", "1000")
    host.kill()
    host.wait()
    tools.wait_gone(task)
    tools.wait_gone(keeper)


def test_a_host_that_was_copied_and_killed_leaves_nothing(children, python, tools):
    """The copy holds the connection open, so no end of it comes; the host's own descriptor tells."""
    host, keeper, task, copy = start_host(children, python, "copied", "/bin/sleep", "1000")
    host.kill()
    host.wait()
    try:
        tools.wait_gone(task)
        tools.wait_gone(keeper)
    finally:
        tools.end_hard(copy)
        tools.wait_gone(copy)


def test_escapees_end_with_the_host(children, python, tools, tmp_path):
    """Daemons of two forks in sessions of their own, one of them deaf to SIGTERM, and stopped ones."""
    script = f"""
    for i in 1 2 3; do (setsid sh -c 'trap "" TERM; echo $$ >> {tmp_path}/pids; while :; do sleep 0.05; done' &) & done
    (setsid sh -c 'echo $$ >> {tmp_path}/pids; kill -STOP $$' &) &
    exec sleep 1000"""
    host, keeper, task, _ = start_host(children, python, "alone", SHELL, "-c", script)
    tools.settle(lambda: (tmp_path / "pids").exists() and len((tmp_path / "pids").read_text().split()) == 4)
    host.kill()
    host.wait()
    for pid in (keeper, task, *map(int, (tmp_path / "pids").read_text().split())):
        tools.wait_gone(pid)


@pytest.mark.parametrize("pause_s", ["0.001", "0"])
def test_hoppers_end_with_the_host(children, python, tools, pause_s):
    """What forks, exits and leaves its session without end is overtaken."""
    hop = "import os, sys, time\nwhile os.fork() == 0:\n os.setsid()\n time.sleep(float(sys.argv[1]))"
    host, keeper, task, _ = start_host(children, python, "alone", python, "-I", "-S", "-c", hop, pause_s)
    host.kill()
    host.wait()
    tools.wait_gone(keeper)
    tools.wait_gone(task)


def test_polite_tasks_get_their_grace(keeper, tmp_path):
    """SIGTERM first, to the descendants too: each may tidy up; whoever is deaf is killed after the grace."""
    controller = keeper.attached(grace_s=0.3)
    reading, writing = os.pipe()
    tidies = f"trap 'echo tidy > {tmp_path}/done; exit 0' TERM; echo; while :; do sleep 0.02; done"
    controller.start(1, SHELL, "-c", tidies, fds=(controller.null, writing))
    controller.start(2, SHELL, "-c", "trap '' TERM; echo; while :; do sleep 0.02; done", fds=(controller.null, writing))
    while len(os.read(reading, 1)) == 1 and len(os.read(reading, 1)) == 1:
        break
    os.close(reading)
    os.close(writing)
    controller.ask(frames.SHUTDOWN, 0, b"0.3")
    ended = {each.key: each.status for each in (controller.exit(), controller.exit())}
    assert ended == {1: 0, 2: signal.SIGKILL}
    assert keeper.wait() == 0
    assert (tmp_path / "done").exists()


def test_nothing_is_started_while_ending(keeper, tools, tmp_path):
    """A SPAWN after SHUTDOWN is refused."""
    controller = keeper.durable()
    controller.start(1, SHELL, "-c", f"trap '' TERM; touch {tmp_path}/deaf; while :; do sleep 0.02; done")
    tools.settle((tmp_path / "deaf").exists)
    controller.ask(frames.SHUTDOWN, 0, b"0.2")
    controller.spawn(2, SHELL, "-c", "exit 0")
    assert controller.refusal()[1] == "wire"
    assert keeper.wait() == 0


def test_a_durable_keeper_outlives_its_supervisor(keeper):
    """The tasks run on; the next controller is told who runs, what is held and who ended, in this order."""
    first = keeper.durable()
    reading, writing = os.pipe()
    gate, opener = os.pipe()
    first.ask(frames.HOLD, 1, b"stdout", fds=(reading,))
    first.ask(frames.HOLD, 1, b"gate", fds=(opener,))
    first.ask(frames.DROP, 1, b"gate")
    pid = first.start(1, SHELL, "-c", "read line; echo late; exit 5", fds=(gate, writing))
    assert first.run(2, SHELL, "-c", "exit 6").status == 6 << 8
    for fd in (reading, writing, gate):
        os.close(fd)
    first.close()
    second = keeper.connect()
    assert [frame.op for frame in second.told] == [
        frames.HELLO, frames.RUNNING, frames.HELD, frames.EXITED, frames.WELCOME,
    ]  # fmt: skip
    assert second.told[1].fields == [b"%d" % pid]
    assert second.told[2].fields == [b"stdout"]
    os.close(opener)
    assert second.exit().status == 5 << 8  # not SIGPIPE: the keeper held the reader
    third = reconnect(keeper, second, expected_exits=[2, 1])
    third.ask(frames.DROP, 1, b"")
    third.ask(frames.ACK, 2)
    reconnect(keeper, third, expected_exits=[])


def test_a_killed_supervisor_costs_a_durable_keeper_nothing(keeper, tools):
    """SIGKILL in the middle of a hundred requests: those that arrived run, and every exit is told to the next."""
    keeper.durable().close()
    reading, writing = os.pipe()
    supervisor = os.fork()
    if supervisor == 0:
        controller = keeper.connect()
        for key in range(100):
            controller.spawn(key, SHELL, "-c", f"exit {key}")
        os.write(writing, b"asked")
        signal.pause()
    os.close(writing)
    assert os.read(reading, 10) == b"asked"
    os.close(reading)
    os.kill(supervisor, signal.SIGKILL)
    os.waitpid(supervisor, 0)
    following = keeper.connect()
    told = {frame.id: int(frame.fields[2]) for frame in following.told if frame.op == frames.EXITED}
    running = sum(frame.op == frames.RUNNING and frame.id not in told for frame in following.told)
    told.update((ended.key, ended.status) for ended in (following.exit() for _ in range(running)))
    assert told == {key: key << 8 for key in range(100)}


def test_a_held_pipe_still_has_what_was_written(keeper):
    """Whoever is handed it in the greeting reads what was printed while nobody was there."""
    first = keeper.durable()
    reading, writing = os.pipe()
    first.ask(frames.HOLD, 1, b"stdout", fds=(reading,))
    first.start(1, SHELL, "-c", "echo said", fds=(first.null, writing))
    os.close(reading)
    os.close(writing)
    first.exit()
    first.ask(frames.ACK, 1)
    first.close()
    second = keeper.connect_raw()
    held = second.next(frames.HELD)
    assert os.read(held.fds[0], 100) == b"said\n"
    held.close()


def test_the_journal_outlives_the_keeper(make_keeper, tmp_path):
    """After kill -9 of the keeper the next one tells what nobody had acknowledged; a torn end is cut off."""
    keeper = make_keeper()
    controller = keeper.durable()
    for key in range(1, 4):
        controller.run(key, SHELL, "-c", f"exit {key}")
    controller.ask(frames.ACK, 1)
    os.kill(keeper.pid, signal.SIGKILL)
    keeper.wait()
    controller.close()
    with keeper.journal.open("ab") as journal:
        journal.write(b"torn" * 5)
    told = [frame for frame in keeper.durable().told if frame.op == frames.EXITED]
    assert [frame.id for frame in told] in ([2, 3], [1, 2, 3])  # the acknowledgement may not have been read
    assert keeper.journal.stat().st_size % RECORD_BYTES == 0
    again = keeper.controllers[-1]
    ended = again.run(4, SHELL, "-c", "exit 4")
    assert ended.seq == 4
    again.ask(frames.ACK, 4)
    again.ask(frames.DROP, 0, b"x")
    again.run(5, SHELL, "-c", "exit 0")
    again.ask(frames.ACK, 5)
    again.spawn(6, "/nonexistent")
    again.refusal()
    assert keeper.journal.stat().st_size == 0


def test_a_full_disk_loses_no_exit(make_keeper, tools):
    """The exit is told all the same, kept in memory, and written when there is room."""
    keeper = make_keeper(start=(SHELL, "-c", 'trap "" XFSZ; ulimit -S -f 0; exec "$@"', "sh"))
    controller = keeper.durable()
    assert controller.run(1, SHELL, "-c", "exit 3").status == 3 << 8
    assert keeper.journal.stat().st_size == 0
    subprocess.run(["prlimit", f"--pid={keeper.pid}", "--fsize=unlimited:"], check=True)
    controller.run(2, SHELL, "-c", "exit 4")
    assert keeper.journal.stat().st_size == 2 * RECORD_BYTES


def start_host(children, python, copies, *argv):
    """A host with an attached keeper: the host, and the pids of keeper, task and copy."""
    from procession import keeper

    program = os.path.join(os.path.dirname(keeper.__file__), "__main__.py")
    command = [python, children / "holds_a_keeper.py", program, "0.3", copies, *argv]
    host = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with host.stdout:
        return host, *map(int, host.stdout.readline().split())


def reconnect(keeper, controller, expected_exits):
    """The next controller; it is told these exits."""
    controller.close()
    following = keeper.connect()
    assert [frame.id for frame in following.told if frame.op == frames.EXITED] == expected_exits
    return following
