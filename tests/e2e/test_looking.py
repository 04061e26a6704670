"""`ls`, `show`, `logs`, `events`, `wait`, `doctor` with a real daemon, and what becomes of those that follow it."""

import json
import os
import select
import time


def test_ls_selects(submit, ok, cli):
    """By name, glob, group and state, the same for table and JSON; a word that names nothing is exit 3."""
    submit("--name", "a1", "--group", "g", "sleep 97")
    submit("--name", "a2", "true")
    ok("wait", "a2")

    def ids(*words: str) -> list[str]:
        return [each["id"] for each in json.loads(ok("ls", "--json", *words))["tasks"]]

    assert ids() == ["a1", "a2"]
    assert ids("a*") == ["a1", "a2"]
    assert ids("--group", "g") == ids("--state", "running") == ["a1"]
    assert ids("-n", "1") == ["a2"]
    assert ok("ls", "a2").splitlines()[1].split()[:2] == ["a2", "ended"]
    missing = cli("ls", "a1", "zz")
    assert (missing.returncode, missing.stdout) == (3, "")
    assert "no task is called 'zz'" in missing.stderr


def test_logs_in_order_by_tail_stream_and_time(submit, ok):
    """Byte for byte, only the last lines, one stream, since a moment, with times, several with their names."""
    submit("--name", "a", "echo one; sleep 0.05; echo two >&2; sleep 0.05; printf three")
    submit("--name", "b", "echo four")
    ok("wait", "--all")
    assert ok("logs", "a") == "one\ntwo\nthree"
    assert ok("logs", "-n", "1", "--stdout", "a") == "three"
    assert ok("logs", "--stderr", "a") == "two\n"
    assert ok("logs", "--since", "2000-01-01T00:00", "a") == "one\ntwo\nthree"
    assert ok("logs", "--since", "0s", "a") == ""
    stamped = ok("logs", "--timestamps", "a").splitlines()
    assert [line[:2] for line in stamped] == ["20"] * 3
    assert sorted(ok("logs", "a", "b").splitlines()) == ["a | one", "a | three", "a | two", "b | four"]
    assert sorted(ok("logs", "-f", "a", "b").splitlines()) == ["a | one", "a | three", "a | two", "b | four"]


def test_logs_follow_through_a_killed_daemon(submit, start, kill_daemon, ok, tmp_path):
    """`logs -f` misses nothing and tells nothing twice when the daemon is killed and another one comes."""
    gate = tmp_path / "gate"
    submit("--name", "a", f"echo one; while [ ! -e '{gate}' ]; do sleep 0.02; done; echo two; sleep 0.3; echo three")
    following = start("logs", "-f", "a")
    assert following.stdout.readline() == "one\n"
    kill_daemon()
    gate.touch()
    time.sleep(0.3)  # the task prints while nobody is there
    ok("daemon", "start")
    out, err = following.communicate(timeout=20)
    assert (out, following.returncode) == ("two\nthree\n", 0)
    assert "error" not in err


def test_wait_goes_on_through_a_killed_daemon(submit, start, kill_daemon, view, tmp_path):
    """The exit that happened while nobody was there is known, and `wait` hears of it."""
    gate = tmp_path / "gate"
    submit("--name", "a", f"while [ ! -e '{gate}' ]; do sleep 0.02; done; exit 7")
    waiting = start("wait", "--exit-code", "a")
    pid = view("a")["pid"]
    is_connected(waiting)
    kill_daemon()
    descriptor = os.pidfd_open(pid)
    gate.touch()
    select.select([descriptor], [], [], 10)
    os.close(descriptor)
    start("daemon", "start").wait(timeout=20)
    waiting.communicate(timeout=20)
    assert waiting.returncode == 7
    assert view("a")["outcome"]["code"] == 7


def test_events_resume_after_a_killed_daemon(submit, start, kill_daemon, ok, tmp_path):
    """Every event once, in order, without a gap: followed over a kill, and from any number on."""
    gate = tmp_path / "gate"
    submit("--name", "a", f"while [ ! -e '{gate}' ]; do sleep 0.02; done")
    following = start("events", "-f", "--json", "a")
    while json.loads(following.stdout.readline())["event"] != "started":
        pass
    kill_daemon()
    gate.touch()
    ok("daemon", "start")
    ok("wait", "a")
    seen = []
    while not seen or seen[-1]["event"] != "ended":
        seen.append(json.loads(following.stdout.readline()))
    following.terminate()
    following.communicate()
    told = [json.loads(line) for line in ok("events", "--json", "a").splitlines()]
    numbers = [each["seq"] for each in told]
    assert numbers == sorted(set(numbers))
    assert [each["seq"] for each in seen] == numbers[-len(seen) :]
    after = [json.loads(line) for line in ok("events", "--json", "--after", str(numbers[1])).splitlines()]
    assert [each["seq"] for each in after] == numbers[2:]


def test_without_a_daemon_whoever_follows_gives_up_with_a_sentence(submit, start, kill_daemon, ok):
    """A daemon that does not come back is named, with what to do; the exit status is 4."""
    submit("--name", "a", "sleep 97")
    waiting = start("wait", "a")
    time.sleep(0.5)
    kill_daemon()
    _, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 4
    assert "the daemon is gone, its tasks go on" in err
    assert "procession daemon start" in err
    ok("daemon", "start")


def test_wait_in_all_its_ways(submit, cli, ok):
    """0 if all succeeded, 1 if one did not, 5 when time is up, with --exit-code the status of the task itself."""
    submit("--name", "good", "true")
    submit("--name", "bad", "exit 7")
    submit("--name", "killed", "kill -9 $$")
    submit("--name", "slow", "sleep 97")
    assert cli("wait", "good").returncode == 0
    assert cli("wait", "good", "bad").returncode == 1
    assert cli("wait", "--exit-code", "bad").returncode == 7
    assert cli("wait", "--exit-code", "killed").returncode == 137
    late = cli("wait", "slow", "--timeout", "100ms")
    assert (late.returncode, late.stdout) == (5, "slow  running\n")
    assert cli("wait", "--any", "slow", "good").returncode == 0
    assert cli("wait", "nobody").returncode == 3
    assert cli("wait").returncode == 2


def test_doctor_tells_what_holds(ok):
    """Each guarantee with its state; the JSON has the same."""
    checks = json.loads(ok("doctor", "--json"))["checks"]
    assert {"keeper", "store", "disk", "inotify", "control groups"} <= {each["name"] for each in checks}
    assert all(each["says"] for each in checks)


def test_verbs_without_a_daemon(cli, home):
    """All verbs but those that start one say that none runs and how to start it, and exit 4."""
    verbs = ["show a", "logs a", "attach a", "send a x", "wait a", "stop a", "kill a", "signal TERM a", "suspend a"]
    verbs += [
        "resume a",
        "retry a",
        "edit a --priority 1",
        "remove a",
        "clean --keep 1",
        "events",
        "drain",
        "ls",
        "ls a",
    ]
    verbs += ["daemon stop", "daemon status", "doctor --no-start"]
    for verb in verbs:
        done = cli(*verb.split())
        assert (verb, done.returncode, done.stdout) == (verb, 4, "")
        assert "procession daemon start" in done.stderr
    assert not (home / "lock").exists()


def is_connected(client):
    """Wait until a client has the daemon's ear: one that comes too late is told that there is none."""
    deadline = time.monotonic() + 20
    while not any(_target(client.pid, fd).startswith("socket:") for fd in os.listdir(f"/proc/{client.pid}/fd")):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _target(pid: int, fd: str) -> str:
    try:
        return os.readlink(f"/proc/{pid}/fd/{fd}")
    except OSError:
        return ""
