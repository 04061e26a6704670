"""Tasks that speak, under a real daemon: what they say is shown, and outlives the daemon."""

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
