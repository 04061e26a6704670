"""The daemon's own verbs: run, start, stop, restart, status; under a service manager, and from inside a task."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "procession"]


def test_status(ok, cli, submit):
    """Who runs, since when, how many tasks; without one, exit 4 and a state of its own."""
    none = cli("daemon", "status", "--json")
    assert (none.returncode, json.loads(none.stdout)) == (4, {"state": "stopped"})
    assert "runs: process" in ok("daemon", "start")
    submit("--name", "a", "sleep 97")
    status = json.loads(ok("daemon", "status", "--json"))
    assert (status["state"], status["counts"]["running"]) == ("running", 1)
    assert {"pid", "keeper_pid", "version", "home"} <= status.keys()
    ok("drain")
    assert json.loads(ok("daemon", "status", "--json"))["state"] == "draining"


def test_stop_keeps_tasks_and_start_takes_them_over(ok, submit, view, tmp_path):
    """How many go on is said; the next daemon has the same process, and its exit."""
    gate = tmp_path / "gate"
    submit("--name", "a", f"while [ ! -e '{gate}' ]; do sleep 0.02; done; exit 4")
    pid = view("a")["pid"]
    daemon = json.loads(ok("daemon", "status", "--json"))["pid"]
    assert ok("daemon", "stop") == "stopped: 1 task goes on\n"
    assert not is_there(daemon)
    assert is_there(pid)
    ok("daemon", "start")
    assert view("a")["pid"] == pid
    gate.touch()
    assert subprocess.run([*COMMAND, "wait", "--exit-code", "a"], capture_output=True, check=False).returncode == 4


def test_stop_kill_ends_everything(ok, submit, view, home):
    """With --kill tasks, keeper and daemon are gone when it returns, and so are the sockets."""
    submit("--name", "a", "trap '' TERM; sleep 97 & wait; sleep 97")
    submit("--name", "b", "--after", "a", "true")
    status = json.loads(ok("daemon", "status", "--json"))
    pids = [view("a")["pid"], status["pid"], status["keeper_pid"]]
    assert ok("daemon", "stop", "--kill", timeout=20) == "stopped: 0 tasks go on, 2 ended\n"
    assert not [pid for pid in pids if is_there(pid)]
    assert not list((home / "run").iterdir())


def test_stop_kill_reaches_what_an_earlier_daemon_left(ok, submit, view):
    """Without a daemon, but with tasks that go on, one takes them over to end them."""
    submit("--name", "a", "sleep 97")
    pid = view("a")["pid"]
    ok("daemon", "stop")
    assert is_there(pid)
    assert ok("daemon", "stop", "--kill") == "stopped: 0 tasks go on, 1 ended\n"
    assert not is_there(pid)


def test_restart_loses_nothing(ok, submit, view):
    """Another daemon, the same tasks."""
    submit("--name", "a", "sleep 97")
    before, pid = json.loads(ok("daemon", "status", "--json")), view("a")["pid"]
    ok("daemon", "restart")
    after = json.loads(ok("daemon", "status", "--json"))
    assert before["pid"] != after["pid"]
    assert before["keeper_pid"] == after["keeper_pid"]
    assert (view("a")["state"], view("a")["pid"]) == ("running", pid)


def test_a_second_one_is_refused(ok, cli):
    """One daemon per home: the second says who is there."""
    ok("daemon", "start")
    pid = json.loads(ok("daemon", "status", "--json"))["pid"]
    second = cli("daemon", "run")
    assert second.returncode != 0
    assert str(pid) in second.stderr


def test_under_a_service_manager(home, start, tmp_path, ok, submit):
    """READY when it answers, STATUS, STOPPING before it ends; SIGTERM keeps the tasks; the socket is not theirs."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(10)
        daemon = start("daemon", "run", env=os.environ | {"NOTIFY_SOCKET": str(path)})
        told = []
        while "READY=1" not in told:
            told += manager.recv(4096).decode().split("\n")
        submit("--name", "a", 'echo "[$NOTIFY_SOCKET]"; sleep 97')
        daemon.send_signal(signal.SIGTERM)
        while "STOPPING=1" not in told:
            told += manager.recv(4096).decode().split("\n")
        assert any(each.startswith("STATUS=") for each in told)
    assert daemon.wait(timeout=10) == 0
    ok("daemon", "start")
    printed = ok("logs", "a")
    assert str(path) not in printed, "a task has a socket of its own, or none"


def test_the_unit_file_runs_what_there_is():
    """packaging/procession.service starts and stops the daemon by verbs that exist, and ends no task with it."""
    unit = (Path(__file__).parents[2] / "packaging" / "procession.service").read_text()
    lines = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line and not line.startswith("#"))
    assert (lines["Type"], lines["KillMode"], lines["Delegate"]) == ("notify", "process", "yes")
    for verb in (lines["ExecStart"], lines["ExecStop"]):
        program, *arguments = verb.split()
        assert program == "procession"
        assert subprocess.run([*COMMAND, *arguments, "--help"], capture_output=True, check=False).returncode == 0


def is_there(pid: int) -> bool:
    """Whether it lives; whoever adopted it may take a moment to reap it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(params=["", "off"], ids=["groups", "cookies"])
def trees(request, monkeypatch) -> None:
    """With control groups, where there are any, and without."""
    monkeypatch.setenv("PROCESSION_CGROUP", request.param)


@pytest.mark.usefixtures("trees")
def test_a_daemon_started_inside_run_outlives_it(ok, view):
    """Neither the tree of the command nor its keeper takes the daemon, or what it has, with it."""
    assert ok("run", "--", *COMMAND, "submit", "--name", "a", "--", "sleep", "97") == "a\n"
    assert view("a")["state"] == "running"
    environ = Path(f"/proc/{view('a')['pid']}/environ").read_bytes()
    assert b"PROCESSION_TREE" not in environ or os.environ.get("PROCESSION_CGROUP") == "off"
    assert b"PROCESSION_DAEMON" not in environ


@pytest.mark.usefixtures("trees")
def test_a_daemon_started_inside_a_task_outlives_it(ok, submit, view, kill_daemon, tmp_path):
    """A task that needs a daemon after ours was killed starts one, which is no part of the task, and can end all."""
    gate = tmp_path / "gate"
    nested = " ".join(map(repr, COMMAND))
    script = f"while [ ! -e '{gate}' ]; do sleep 0.02; done; {nested} submit --name inner -- sleep 97; exit 6"
    submit("--name", "outer", script)
    deadline = time.monotonic() + 10
    while (pid := view("outer")["pid"]) is None and time.monotonic() < deadline:
        time.sleep(0.02)  # it was accepted; that it runs is a moment later
    descriptor = os.pidfd_open(pid)
    kill_daemon()
    gate.touch()
    import select

    assert select.select([descriptor], [], [], 20)[0]
    os.close(descriptor)
    assert subprocess.run([*COMMAND, "wait", "--exit-code", "outer"], capture_output=True, check=False).returncode == 6
    assert view("inner")["state"] == "running"
    assert ok("daemon", "stop", "--kill") == "stopped: 0 tasks go on, 1 ended\n"
