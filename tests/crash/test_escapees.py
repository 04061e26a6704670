"""Descendants that do all they can to get away, under a daemon: none is left after `kill`, or `doctor` names it."""

import os
import signal

import pytest

ESCAPES = {
    "daemons": ("becomes_daemons.py", "3"),
    "daemons without environment": ("becomes_daemons.py", "3", "clear"),
    "a hopper": ("hops.py", "0.001"),
    "a hopper without pause": ("hops.py", "0"),
    "one that forks for ever": ("forks_for_ever.py", "0.001"),
}


@pytest.mark.parametrize("name", ESCAPES)
def test_nobody_gets_away(house, tools, children, python, name):
    """C046, C048: after `kill` nobody of the tree is left in its control group, or with the keeper."""
    house.start()
    with house.client() as client:
        begin(client, tools, house, [python, "-I", "-S", children / ESCAPES[name][0], *ESCAPES[name][1:]])
        assert client.kill("escapes").check().tasks[0].outcome.kind == "stopped"

        assert list(pids_in(house)) == []
        assert tools.children_of(house.keeper) == []
        assert client.status().counts == {"ended": 1}


@pytest.mark.parametrize("name", [name for name in ESCAPES if "without environment" not in name])
def test_nobody_with_a_cookie_gets_away(house, tools, children, python, name):
    """The same without control groups: whoever kept the environment is found by it."""
    house.start(PROCESSION_CGROUP="off")
    with house.client() as client:
        begin(client, tools, house, [python, "-I", "-S", children / ESCAPES[name][0], *ESCAPES[name][1:]])
        client.kill("escapes").check()

        tools.settle(lambda: tools.children_of(house.keeper) == [])


def test_who_cleared_its_environment_is_named(house, tools, children, python):
    """C048: without control groups such a one survives; `doctor` names it with pid and command, until it is gone."""
    house.start(PROCESSION_CGROUP="off")
    with house.client() as client:
        begin(client, tools, house, [python, "-I", "-S", children / "becomes_daemons.py", "1", "clear"])
        escaped = int(house.log_of("escapes"))
        client.kill("escapes").check()

        (told,) = [each for each in client.doctor() if each.name == "orphan"]
        assert told.ok is False
        assert f"process {escaped} (/bin/sleep 1000)" in told.says
        assert next(each for each in client.doctor() if each.name == "control groups").ok is False
        os.kill(escaped, signal.SIGKILL)
        tools.settle(lambda: not [each for each in client.doctor() if each.name == "orphan"])


def begin(client, tools, house, argv):
    """Start it, and wait until it has said that it does what it does."""
    client.submit(argv, name="escapes")
    tools.settle(lambda: (house.home / "logs" / "escapes" / "stdout").exists() and house.log_of("escapes"))


def pids_in(house):
    """Give every process of every task."""
    for path in house.group.rglob("cgroup.procs"):
        if path.parent != house.group:
            yield from map(int, path.read_text().split())
