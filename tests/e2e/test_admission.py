"""Who may start when, with a real daemon: what is declared holds, through its death too, and everybody is told why."""

import json
import os
import signal
import sys

import pytest

from procession.kernel.memory_group import can_confine
from procession.kernel.own_groups import own_groups


@pytest.fixture
def licensed(home):
    """A daemon that has three of *ansys*."""
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text("[pool]\ntokens = { ansys = 3 }\n")


def test_tokens_outlive_the_daemon(licensed, submit, ok, view, tmp_path):
    """A task keeps its numbers while nobody looks after it; who waits starts when they are free."""
    fifo = tmp_path / "go"
    os.mkfifo(fifo)
    script = f'echo "$PROCESSION_SLOTS_ANSYS"; read line < {fifo}'
    submit("--name", "a", "--token", "ansys=2", script)
    submit("--name", "b", "--token", "ansys=2", 'echo "$PROCESSION_SLOTS_ANSYS"')
    assert "needs 2 of ansys, 1 of 3 free" in ok("why", "b")
    os.kill(json.loads(ok("daemon", "status", "--json"))["pid"], signal.SIGKILL)

    submit("--name", "c", "--token", "ansys", 'echo "$PROCESSION_SLOTS_ANSYS"')
    why = json.loads(ok("why", "--json", "a"))
    assert (why["state"], why["slots"]) == ("running", {"ansys": [0, 1]})
    assert view("b")["state"] == "queued"
    fifo.write_text("go\n")
    ok("wait", "b", "c")
    assert ok("logs", "a").split() == ["0,1"]
    assert ok("logs", "b").split() == ["0,1"]


def test_what_can_never_start_is_refused(licensed, cli):
    """With exit 2, the name of what is wanted, and what there is."""
    refused = cli("submit", "--token", "ansys=4", "--", "true")
    assert refused.returncode == 2
    assert "ansys" in refused.stderr
    assert "there are 3" in refused.stderr
    assert cli("submit", "--token", "ansys=x", "--", "true").returncode == 2


def test_now_or_not_at_all(home, submit, ok, cli, view):
    """Without room the exit status is 75, and nothing was taken."""
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text('[pool]\nhard_limit = 1\npolicy = "fixed"\n')
    assert ok("submit", "--now", "--name", "a", "--", "sleep", "97").strip() == "a"
    refused = cli("submit", "--now", "--name", "b", "--", "true")
    assert refused.returncode == 75
    assert "1 running, limit 1" in refused.stderr
    assert cli("show", "b").returncode == 3
    submit("--name", "b", "true")
    ok("kill", "a")
    ok("wait", "b")


def test_a_mistake_in_the_pool_names_its_place(home, cli):
    """The daemon does not start with it."""
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text("[pool]\ncpu_ceiling = 2\n")
    refused = cli("submit", "--", "true")
    assert refused.returncode != 0
    assert "pool.cpu_ceiling" in refused.stderr
    (home / "config.toml").write_text('[pool]\ncpu_ceiling = "90%"\nmemory_per_task = "64MB"\n')
    assert cli("submit", "--", "true").returncode == 0


@pytest.mark.root
@pytest.mark.skipif(not can_confine(), reason="no memory group that we may write")
def test_an_explosion_is_its_own_end(submit, ok, cli, view):
    """Who takes more than it said is ended by the kernel, and is out of memory; nothing of its group is left."""
    before = groups()
    script = f"{sys.executable} -c \"import time; time.sleep(0.2); held = b'x' * (200 << 20)\""
    submit("--name", "a", "--memory", "32MB", "--contain", script)
    submit("--name", "b", "--memory", "600MB", "--contain", script)
    ok("wait", "b")
    assert cli("wait", "a").returncode != 0
    assert view("a")["outcome"]["kind"] in ("out_of_memory", "failed", "killed")
    assert view("b")["outcome"]["kind"] == "succeeded"
    assert groups() == before
    refused = cli("submit", "--contain", "--", "true")
    assert refused.returncode == 2
    assert "contain" in refused.stderr


def groups():
    """Count what was made for tasks that are held to their memory."""
    home = own_groups("memory").legacy[-1]
    return [each for each in os.listdir(home) if each.startswith("procession-m")]


def test_what_was_learned_outlives_the_daemon(submit, ok):
    """The next one knows what the like of a task took, and says from how many runs."""
    submit("--class", "greeting", "echo hello")
    submit("--class", "greeting", "true")
    ok("wait", "--all")
    ok("daemon", "stop")
    submit("--class", "greeting", "--name", "next", "sleep 97")
    assert "learned from 2 runs" in ok("why", "next")
