"""The verbs that act on tasks, with a real daemon: when they return, the effect is there."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PYTHON = sys.executable


def state_of(pid: int) -> str:
    """The letter of /proc; nothing if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def test_stop_and_kill_return_when_it_is_gone(submit, cli, ok, view):
    """No member of the tree is there any more when the verb has answered."""
    submit("--name", "a", "sleep 97 & sleep 97")
    submit("--name", "deaf", "trap '' TERM; while :; do sleep 97; done")
    pids = [view(name)["pid"] for name in ("a", "deaf")]
    assert "stopped on request" in ok("stop", "a")
    assert state_of(pids[0]) == ""
    began = time.monotonic()
    ok("stop", "deaf", "--grace", "300ms")
    assert 0.3 <= time.monotonic() - began < 5
    assert state_of(pids[1]) == ""
    submit("--name", "b", "sleep 97")
    pid = view("b")["pid"]
    ok("kill", "b")
    assert state_of(pid) == ""
    assert view("b")["outcome"]["signal"] == signal.SIGKILL
    assert cli("stop", "nobody").returncode == 3


def test_suspend_and_resume(submit, ok, view, tmp_path):
    """Between the two nothing of it moves, and both may be said twice."""
    count = tmp_path / "count"
    submit("--name", "a", f"while :; do echo >> {count}; done")
    ok("suspend", "a")
    assert view("a")["state"] == "suspended"
    size = count.stat().st_size
    time.sleep(0.2)
    assert count.stat().st_size == size
    ok("suspend", "a")
    ok("resume", "a")
    ok("resume", "a")
    assert view("a")["state"] == "running"
    ok("stop", "a")


def test_signal_leader_or_tree(submit, ok, cli):
    """A signal by name reaches the leader; what is none of this machine is refused."""
    submit("--name", "a", "trap 'echo got; exit 0' USR1; echo ready; while :; do sleep 0.05; done")
    assert next_line(ok, "a") == "ready"
    ok("signal", "USR1", "a")
    ok("wait", "a")
    assert ok("logs", "a") == "ready\ngot\n"
    assert cli("signal", "NOPE", "a").returncode == 2
    assert cli("signal", "TERM", "a").returncode == 1


def next_line(ok, name: str) -> str:
    """The first line that a task prints."""
    deadline = time.monotonic() + 10
    while not (text := ok("logs", name)) and time.monotonic() < deadline:
        pass
    return text.splitlines()[0]


def test_retry_edit_remove_clean(submit, ok, cli, view, home):
    """Retry runs it anew, edit changes what waits, remove and clean forget what is over, logs included."""
    submit("--name", "a", "echo run; exit 1")
    cli("wait", "a")
    ok("retry", "a")
    cli("wait", "a")
    assert (ok("logs", "a"), view("a")["attempt"]) == ("run\nrun\n", 2)
    ok("drain")
    submit("--name", "b", "echo old")
    ok("edit", "b", "--priority", "7", "--env", "X=new", "--", "sh", "-c", "echo $X")
    assert view("b")["priority"] == 7
    running = cli("remove", "b")
    assert (running.returncode, "stop it first" in running.stderr) == (1, True)
    ok("drain", "--off")
    ok("wait", "b")
    assert ok("logs", "b") == "new\n"
    assert cli("edit", "b", "--priority", "1").returncode == 2
    ok("remove", "b")
    assert cli("show", "b").returncode == 3
    assert not (home / "logs" / "b").exists()
    ok("clean", "--keep", "0")
    assert json.loads(ok("ls", "--json"))["tasks"] == []
    assert not list((home / "logs").iterdir())


def test_several_at_once_and_what_fails_for_some(submit, ok, cli):
    """What can be done is done; what cannot is said for each, and the exit status is 1."""
    submit("--name", "a1", "sleep 97")
    submit("--name", "a2", "true")
    ok("wait", "a2")
    done = cli("suspend", "a*")
    assert done.returncode == 1
    assert "a1  suspended" in done.stdout
    assert "a2" in done.stderr
    ok("kill", "--all")


def test_attach_types_into_a_terminal(submit, terminal, ok):
    """On a real terminal: what is typed reaches the task's own, and comes back; its end ends us."""
    ok("submit", "--name", "shell", "--pty", "--", PYTHON, "-i", "-c", "print('re' + 'ady')")
    keyboard = terminal(PYTHON, "-m", "procession", "attach", "shell")
    keyboard.wait_for("ready")
    keyboard.type("print(6 * 7)\n")
    keyboard.wait_for("42")
    keyboard.type("exit()\n")
    assert keyboard.wait() == 0


def test_attach_before_it_starts(submit, terminal, ok):
    """What waits says why, and what is typed meanwhile reaches it when it has started."""
    ok("daemon", "start")
    ok("drain")
    ok("submit", "--name", "later", "--stdin", "pipe", "--", "cat")
    keyboard = terminal(PYTHON, "-m", "procession", "attach", "later")
    keyboard.wait_for("when it has started")
    keyboard.type("early\n")
    ok("drain", "--off")
    keyboard.wait_for("early")
    keyboard.wait_for("early")
    keyboard.type("\x04")
    assert keyboard.wait() == 0
    assert ok("logs", "later") == "early\n"


def test_attach_is_left_with_ctrl_c(submit, terminal, ok, view):
    """Ctrl-C leaves the task running, and says so."""
    submit("--name", "a", "echo here; sleep 97")
    keyboard = terminal(PYTHON, "-m", "procession", "attach", "a")
    keyboard.wait_for("here")
    keyboard.type("\x03")
    keyboard.wait_for("which goes on")
    assert keyboard.wait() == 0
    assert view("a")["state"] == "running"


@pytest.mark.parametrize("verb", [["logs", "-f", "a"], ["wait", "a"], ["events", "-f"]])
def test_ctrl_c_while_following(submit, terminal, view, verb):
    """Ctrl-C ends us with 130 and without a traceback; the task goes on."""
    submit("--name", "a", "echo here; sleep 97")
    keyboard = terminal(PYTHON, "-m", "procession", *verb)
    time.sleep(0.7)
    keyboard.type("\x03")
    assert keyboard.wait() == 130
    assert b"Traceback" not in keyboard.seen
    assert view("a")["state"] == "running"


def test_send_needs_an_input(submit, cli):
    """A task without one says how it would have one."""
    submit("--name", "a", "sleep 97")
    refused = cli("send", "a", "x")
    assert refused.returncode == 1
    assert "stdin" in refused.stderr


@pytest.mark.root
def test_another_user_is_refused(submit, home, tmp_path):
    """C112: neither file nor socket is for anybody else, and that is a sentence and exit 4."""
    submit("--name", "a", "true")
    program = """
import os, sys
from procession.cli.entry import main
main(["show", "a"])
for path in (os.environ["PROCESSION_HOME"], *sys.argv[1:]):
    os.chmod(path, 0o777)
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
sys.exit(main(["show", "a"]))
"""
    opened = [str(home / "run"), str(home / "run" / "api.sock"), *map(str, list(tmp_path.parents)[:3]), str(tmp_path)]
    before = {path: os.stat(path).st_mode & 0o7777 for path in (*opened, str(home))}
    try:
        done = subprocess.run([PYTHON, "-c", program, *opened], capture_output=True, text=True, check=False)
    finally:
        for path, mode in before.items():
            os.chmod(path, mode)
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    assert "user" in done.stderr
