"""What a user does to a daemon at work: cleaning up behind it, and starting it anew. Neither loses anything."""

import os
import subprocess
import sys

from procession.model.task import Dependency


def test_cleaning(house, work):
    """What is over goes, its logs too; what runs, and what it waits for, stays, also for the next daemon."""
    house.configure("hard_limit = 1\n")
    house.start()
    with house.client() as client:
        client.submit_all(work.make(12, lines=50))
        client.wait(all_tasks=True)
        client.submit(["sleep", "1000"], name="runs")
        client.submit(["true"], name="waits", after=["runs", Dependency(task="n3", condition="ended")])
        cleaned = client.clean(keep=2)

        assert sorted(cleaned.removed) == sorted(f"n{number}" for number in (1, 2, *range(4, 11)))
        assert cleaned.freed_bytes > 0
        left = {"n3", "n11", "n12", "runs", "waits"}
        assert {path.name for path in (house.home / "logs").iterdir() if any(path.iterdir())} == left - {"waits"}
        assert house.ask("SELECT count(*) FROM event WHERE task = 'n1'") == [(0,)]
        house.kill()
        house.start()
        assert {view.id for view in client.list()} == left
        assert client.clean(older_than_s=0.0).removed == ("n11", "n12")


def test_restarting_under_load(house, work):
    """`daemon restart`, again and again, while tasks start, talk and end."""
    house.configure("hard_limit = 16\nsoft_limit = 16\n")
    procession(house, "daemon", "start")
    with house.client() as client:
        client.submit_all(work.make(60, lines=10, pause_s=0.05))
        for _ in range(3):
            told = procession(house, "daemon", "restart").stdout.splitlines()
            assert told[0].startswith("stopped: "), told
            assert int(told[1].split()[-1]) != os.getpid()
        assert not client.wait(all_tasks=True, timeout_s=30).timed_out
        work.check()
    assert procession(house, "daemon", "stop", "--kill").stdout == "stopped: 0 tasks go on\n"
    assert not house.group.exists()


def procession(house, *arguments):
    """Run the command line in a house."""
    argv = [sys.executable, "-m", "procession", *arguments]
    return subprocess.run(argv, env=house.environment, capture_output=True, text=True, check=True)
