"""A writer that is killed loses nothing that it committed, and leaves nothing half."""

import json
import random
import signal
import subprocess
import time

import pytest

from procession.store.store import Store


def kill_at_random(path, children, python) -> int:
    """Let a writer commit for a while, kill it, and give the last seq it said was on disk."""
    with subprocess.Popen([python, children / "writes_a_store.py", path], stdout=subprocess.PIPE) as writer:
        first = writer.stdout.readline()
        time.sleep(random.uniform(0, 0.15))
        writer.send_signal(signal.SIGKILL)
        said = first + writer.stdout.read()
    return int(said.rpartition(b"\n")[0].split(b"\n")[-1])


def check_whole(path, committed: int) -> None:
    """What was said to be on disk is, in order, without gaps; of what followed there is all of a group or nothing."""
    with Store(path) as store:
        events = []
        while page := store.events(len(events), limit=10_000):
            events += page
        assert [seq for seq, _ in events] == list(range(1, len(events) + 1))
        assert [json.loads(body)["command"] for _, body in events] == [str(seq) for seq, _ in events]
        assert len(events) >= committed
        assert store.event_bounds() == (1, len(events))
        assert store._connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_killed_at_any_instant(path, children, python):
    """Six writers, one after the other in one file, are each killed at a random instant."""
    for _ in range(6):
        check_whole(path, kill_at_random(path, children, python))


@pytest.mark.long
@pytest.mark.parametrize("file", range(20))
def test_killed_at_any_of_many_instants(path, children, python, file):
    """The same, ten times in each of twenty files."""
    for _ in range(10):
        check_whole(path, kill_at_random(path, children, python))
