"""Who of supervisor, keeper and machine dies or stands still, with a daemon: every row of the failure matrix."""

import os
import signal
import subprocess
import sys
import time

import pytest

LATER = 'while [ ! -e "$0" ]; do sleep 0.05; done; exit 7'
"""Ends with code 7 once there is a file of its name."""


def begin(client, tools, *names, argv=("sleep", "1000")):
    """Start tasks of these names; give their views once they run."""
    for name in names:
        client.submit(list(argv), name=name)
    return [tools.settle(lambda name=name: running(client, name)) for name in names]


def running(client, name):
    """Give the view of a task if it runs."""
    view = client.get(name)
    return view if view.state == "running" else None


def test_a_leader_that_leaves_descendants(house, tools):
    """Its exit is told as it is, and what it left is ended with it."""
    house.start()
    with house.client() as client:
        client.submit(["sh", "-c", "sleep 1000 & setsid sleep 1000 & exit 3"], name="leaves")
        (view,) = client.wait("leaves").tasks

    assert (view.outcome.kind, view.outcome.code) == ("failed", 3)
    assert tools.children_of(house.keeper) == []


def test_the_supervisor_is_killed(house, tools, tmp_path):
    """C093: pids and start times stay; what ended meanwhile has its code, usage and time; the rest obeys as before."""
    house.start()
    with house.client() as client:
        client.submit(["sh", "-c", LATER, tmp_path / "go"], name="ends")
        begin(client, tools, *(f"r{number}" for number in range(9)))
        tools.settle(lambda: running(client, "ends"))
        before = {view.id: (view.pid, view.started_at) for view in client.list()}
        house.kill()
        died_at = time.time()
        (tmp_path / "go").touch()
        tools.wait_gone(before["ends"][0])
        time.sleep(0.5)
        back_at = time.time()
        house.start()

        (ended,) = client.wait("ends").tasks
        assert (ended.outcome.kind, ended.outcome.code) == ("failed", 7)
        assert ended.outcome.usage is not None
        (exited,) = [event for event in house.events("ends") if event["event"] == "exited"]
        assert died_at < exited["at"] < back_at
        assert {view.id: (view.pid, view.started_at) for view in client.list()} == before
        assert client.suspend("r0").check().tasks[0].state == "suspended"
        assert client.resume("r0").check().tasks[0].state == "running"
        client.signal("USR1", "r1").check()
        assert client.wait("r1").tasks[0].outcome.signal_name == "SIGUSR1"
        assert client.stop("r2").check().tasks[0].outcome.kind == "stopped"


def test_the_supervisor_stands_still(house, work, tools):
    """C101: meanwhile tasks write, exit and are reaped; afterwards all is known, and nothing was timed out falsely."""
    house.start()
    with house.client() as client:
        client.submit_all(work.make(20, lines=20, pause_s=0.1))
        client.submit(["sh", "-c", "sleep 1"], name="quick")
        work.wait_begun(20)
        os.kill(house.daemon.pid, signal.SIGSTOP)
        keeper = tools.keepers(house)[0]
        tools.settle(lambda: tools.children_of(keeper) == [])
        assert (house.home / "exits.journal").stat().st_size > 0
        os.kill(house.daemon.pid, signal.SIGCONT)

        assert not client.wait(all_tasks=True, timeout_s=20).timed_out
        assert client.get("quick").outcome.kind == "succeeded"
        client.remove("quick").check()
    work.check()


def test_two_supervisors(house, work, dying):
    """C100: a second one is refused with the pid of the first, also while that stands still; a dead one is no bar."""
    first = house.start()
    for number in (signal.SIGSTOP, signal.SIGCONT):
        os.kill(first, number)
        refused = subprocess.run(
            [sys.executable, "-m", "procession", "daemon", "run"],
            env=house.environment,
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert refused.returncode != 0
        assert f"process {first}" in refused.stderr
    with house.client() as client:
        client.submit_all(work.make(4, lines=10, pause_s=0.1))
        work.wait_begun(4)
        house.kill()
        assert house.start() != first
        assert not client.wait(all_tasks=True, timeout_s=20).timed_out
    work.check()


def test_the_keeper_is_killed(house, tools, tmp_path):
    """Its tasks go on, can be ended with their trees, and end with their own codes; new ones have a new keeper."""
    house.start()
    with house.client() as client:
        first = house.keeper
        begin(client, tools, "tree", argv=("sh", "-c", "sleep 1000 & setsid sleep 1000 & wait"))
        begin(client, tools, "ends", argv=("sh", "-c", LATER, tmp_path / "go"))
        os.kill(first, signal.SIGKILL)
        tools.settle(lambda: client.status().keeper_pid not in (first, None))  # or it may be lost
        client.submit(["sh", "-c", "exit 5"], name="new")

        assert client.wait("new").tasks[0].outcome.code == 5
        assert [(view.state, view.orphaned) for view in client.list("tree", "ends")] == [("running", True)] * 2
        (tmp_path / "go").touch()
        assert known_code(client.wait("ends").tasks[0]) == 7
        members = pids_in(house)
        assert len(members) == 3
        client.kill("tree").check()
        for pid in members:
            tools.wait_gone(pid)


def test_keeper_and_supervisor_are_killed_together(house, tools, tmp_path):
    """C097: the living are adopted as orphans, obey, and keep their own codes; the dead are lost, never a success."""
    house.start()
    with house.client() as client:
        begin(client, tools, "tree", argv=("sh", "-c", "sleep 1000 & setsid sleep 1000 & wait"))
        begin(client, tools, "ends", argv=("sh", "-c", LATER, tmp_path / "go"))
        (dies,) = begin(client, tools, "dies")
        keeper = house.keeper
        house.kill()
        os.kill(keeper, signal.SIGKILL)
        os.kill(dies.pid, signal.SIGKILL)
        tools.wait_gone(keeper)
        tools.wait_gone(dies.pid)
        house.start()

        (lost,) = client.wait("dies").tasks
        assert (lost.outcome.kind, lost.outcome.code) == ("lost", None)
        (adopted,) = [event for event in house.events("tree") if event["event"] == "adopted"]
        assert adopted["orphaned"] is True
        assert client.get("tree").orphaned
        (tmp_path / "go").touch()
        assert known_code(client.wait("ends").tasks[0]) == 7
        members = pids_in(house)
        assert len(members) == 3
        client.kill("tree").check()
        for pid in members:
            tools.wait_gone(pid)


def test_the_machine_is_restarted(house, tools):
    """What ran is lost; what waited still waits; who asked for it (retry, resume) has a new attempt."""
    house.configure("hard_limit = 3\nsoft_limit = 3\n")
    house.start()
    with house.client() as client:
        for name, restart in (("plain", "no"), ("again", "retry"), ("on", "resume")):
            client.submit(["sleep", "1000"], name=name, restart=restart, retry_delay_s=0.0)
            tools.settle(lambda name=name: running(client, name))
        client.submit(["sleep", "1000"], name="waits", priority=-1)
        client.connect()
        restart_the_machine(house, tools)
        house.tell("UPDATE attempt SET body = json_set(body, '$.leader.boot_id', 'an earlier boot')")
        house.start()

        (lost,) = client.wait("plain").tasks
        assert (lost.outcome.kind, lost.outcome.code) == ("lost", None)
        assert "restarted" in lost.outcome.message
        for name in ("again", "on"):
            view = tools.settle(lambda name=name: running(client, name))
            assert view.attempt == 2
        view = tools.settle(lambda: running(client, "waits"))
        assert view.attempt == 1


def test_a_stranger_with_a_recorded_pid(house, tools):
    """C097: whoever has the number of a lost task now is neither followed nor signalled."""
    stranger = subprocess.Popen(["sleep", "1000"])
    try:
        house.start()
        with house.client() as client:
            begin(client, tools, "gone")
            restart_the_machine(house, tools)
            house.tell("UPDATE attempt SET body = json_set(body, '$.leader.pid', ?)", stranger.pid)
            house.start()

            (lost,) = client.wait("gone").tasks
            assert lost.outcome.kind == "lost"
            client.kill("gone")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_an_exec_that_hangs(house, tools, tmp_path):
    """C014: while the keeper stands still the daemon answers at once; what was asked for then happens once."""
    house.start()
    keeper = house.keeper
    os.kill(keeper, signal.SIGSTOP)
    with house.client() as client:
        client.submit(["sh", "-c", f"echo ran >> {tmp_path}/ran"], name="late")
        for _ in range(5):
            asked_at = time.monotonic()
            client.status()
            assert client.get("late").state in ("queued", "starting")
            assert time.monotonic() - asked_at < 0.5
        os.kill(keeper, signal.SIGCONT)

        assert client.wait("late").tasks[0].outcome.kind == "succeeded"
    assert (tmp_path / "ran").read_text() == "ran\n"


def restart_the_machine(house, tools):
    """End everything of it at once, as the loss of power does."""
    tools.lose_everything(house, *pids_in(house))


def pids_in(house):
    """Give every process of every task."""
    return [
        int(line)
        for path in house.group.rglob("cgroup.procs")
        if path.parent != house.group
        for line in path.read_text().split()
    ]


def known_code(view):
    """Give the code; where the kernel does not tell it, the end must be called unknown or lost, and counts as 7."""
    if view.outcome.code is None:
        assert view.outcome.kind in ("lost", "unknown")
        if tuple(map(int, os.uname().release.split("-")[0].split(".")[:2])) < (6, 15):
            pytest.skip("this kernel does not tell how a stranger's child ended")
    return view.outcome.code
