"""Tasks that speak, under a real daemon: what they say is shown, and outlives the daemon."""

import json
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"

TASKS = """
[tasks.echo]
command = ["node", "{children}/echoes.mjs"]
channel = true

[tasks.service]
command = ["python3", "{examples}/talking/serves.py"]
ready = "notify"
ready_timeout = "30s"
watchdog = "20s"

[tasks.client]
command = "true"
after = [{{ task = "service", condition = "ready" }}]
"""


def test_tasks_that_speak_outlive_the_daemon(ok, view, kill_daemon, children, tmp_path):
    """Readiness lets others run, words are shown; killed and begun anew, the daemon hears and shows them as before."""
    file = tmp_path / "tasks.toml"
    file.write_text(TASKS.format(children=children, examples=EXAMPLES))
    ok("submit", str(file))
    ok("wait", "client")
    assert "says:       ready, serving" in ok("show", "service")
    assert "service: ready by=notify" in ok("events")

    kill_daemon()
    ok("daemon", "start")
    assert (view("service")["state"], view("service")["ready"], view("echo")["state"]) == ("running", True, "running")
    ok("stop", "service", "echo")
    assert view("service")["status"] == "closing the books"
    assert "echo: channel closed incomplete_bytes=0" in ok("events")
    assert "echo: message received message={'hello':" in ok("events")


def test_markers_under_the_daemon(ok, cli, kill_daemon, home):
    """`done` of a shell script is seen while it goes on; every end is seen, though the daemon was killed meanwhile."""
    bakes = "procession notify --done '{\"loaves\": 2}'; exec sleep 1000"
    ok("submit", "--name", "bakes", "--", "sh", "-c", bakes.replace("procession", f"{sys.executable} -m procession"))
    assert ok("wait", "--marker", "bakes") == 'bakes  done  {"loaves":2}\n'

    kill_daemon()
    assert ok("wait", "--marker", "bakes") == 'bakes  done  {"loaves":2}\n'
    ok("daemon", "start")
    ok("stop", "bakes")
    told = cli("wait", "--marker", "--json", "bakes")
    assert (told.returncode, json.loads(told.stdout)["outcome"]) == (1, "stopped")

    assert cli("wait", "--marker", "--timeout", "10ms", "nobody").returncode == 5
    assert cli("wait", "--marker", "../x").returncode == 2
    assert cli("wait", "--marker", "--all").returncode == 2
    ok("remove", "bakes")
    assert list((home / "markers").iterdir()) == []


def test_the_first_of_many_markers(ok, start, home):
    """`--any` comes back with the first one; that of a task that is not known yet is waited for, too."""
    waiting = start("wait", "--marker", "--any", "one", "two")
    ok("submit", "--name", "two", "--", "true")
    assert waiting.communicate(timeout=30)[0] == "two  succeeded\n"
    (home / "markers" / "one.done").write_text("{")
    waiting = start("wait", "--marker", "one")
    assert "one.done cannot be trusted: it is no JSON" in waiting.communicate(timeout=30)[1]
    assert waiting.returncode == 1
