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


def test_messages_on_the_command_line(ok, cli, start, children):
    """Sent, asked, shown and followed; what is wrong is said before anything is sent."""
    ok("submit", "--name", "t", "--channel", "--", sys.executable, str(children / "talks_in_numbers.py"), "3", "0")
    ok("wait", "t")
    assert ok("messages", "t") == "[0,0]\n[1,2]\n[2,4]\n"
    assert ok("messages", "-n", "1", "t") == "[2,4]\n"

    ok("submit", "--name", "e", "--channel", "--", "node", str(children / "echoes.mjs"))
    follower = start("messages", "-f", "e")
    ok("send", "e", "--json", '{"cmd": "START", "text": "\\u00e9"}')
    assert follower.stdout.readline().startswith('{"hello":')
    assert json.loads(follower.stdout.readline()) == {"cmd": "START", "text": "é"}
    ok("submit", "--name", "deaf", "--channel", "--", "sleep", "100")
    asked = cli("send", "deaf", "--json", "1", "--request", "--timeout", "100ms")
    assert (asked.returncode, "no answer within 0.1 s" in asked.stderr) == (5, True)
    ok("stop", "e")
    assert follower.wait(30) == 0

    for wrong in (
        ["--json", "{"],
        ["--json", "NaN"],
        ["--request"],
        ["--json", "1", "text"],
        ["--json", "1", "--timeout", "1s"],
    ):
        assert cli("send", "e", *wrong).returncode == 2, wrong
    ok("submit", "--name", "mute", "--", "sleep", "100")
    for verb in (["messages", "mute"], ["send", "mute", "--json", "1"]):
        refused = cli(*verb)
        assert (refused.returncode, "channel" in refused.stderr) == (1, True), verb


def test_how_it_becomes_ready_on_the_command_line(ok, cli, tmp_path):
    """`--ready` with every way, `--after TASK:ready`, `wait --ready`; a wrong way is named."""
    script = "sleep 0.3; touch here; echo up; sleep 100"
    for name, way in (("file", "file=here"), ("log", "log=^up$")):
        ok("submit", "--name", name, "--ready", way, "--ready-timeout", "20s", "--", "sh", "-c", script, cwd=tmp_path)
        ok("submit", "--name", f"{name}-user", "--after", f"{name}:ready", "--", "true")
        assert ok("wait", "--ready", name) == f"{name}  ready\n"
        ok("wait", f"{name}-user")
    ok("submit", "--name", "never", "--ready", "notify", "--ready-timeout", "200ms", "--", "sleep", "100")
    assert cli("wait", "--ready", "never").returncode == 1
    ok("submit", "--name", "watched", "--watchdog", "200ms", "--grace", "100ms", "--", "sleep", "100")
    assert "no sign of life" in cli("wait", "watched").stdout
    ok("submit", "--name", "done", "--done-when", "file", "--grace", "100ms", "--", "sh", "-c", "touch file; sleep 100",
       cwd=tmp_path)  # fmt: skip
    assert "its completion file was there" in ok("wait", "done")

    for wrong in ("soon", "port=x", "port=0", "log=(", "https=x", ""):
        refused = cli("submit", "--ready", wrong, "--", "true")
        assert (refused.returncode, "--ready" in refused.stderr) == (2, True), wrong
    assert cli("submit", "--after", "log:soon", "--", "true").returncode == 2
    assert cli("submit", "--ready-timeout", "1s", "--", "true").returncode == 2
