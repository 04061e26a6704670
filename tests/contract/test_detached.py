"""What outlives whoever started it, as docs/guide/stopping.md says: by its host's end, and by what was asked for."""

import os
import signal
import subprocess
import sys
import time

import pytest

from procession.client.client import Client
from procession.model.command import shell

LIMIT_S = 3.0
HOWS = ("leaves", "TERM", "KILL")
SURVIVES = {
    ("in_process", "end"): {"leaves": False, "TERM": True, "KILL": True},
    ("in_process", "keep"): {"leaves": True, "TERM": True, "KILL": True},
    ("keeper", "end"): {"leaves": False, "TERM": False, "KILL": False},
    ("keeper", "keep"): {"leaves": False, "TERM": False, "KILL": False},
}


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("host", "descendants"), SURVIVES)
def test_the_table(children, is_alive, host, descendants, how):
    """C053: what lives on after each end of its host is what the table says, whether it was to be kept or not."""
    argv = [sys.executable, children / "hosts_one_task.py", host, descendants]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        pid = int(process.stdout.readline())
        assert is_alive(pid)
        if how == "leaves":
            process.stdin.close()
        else:
            process.send_signal(getattr(signal, f"SIG{how}"))
        process.wait(10)
    expected = SURVIVES[host, descendants][how]
    deadline = time.monotonic() + LIMIT_S
    while is_alive(pid) and not expected and time.monotonic() < deadline:
        time.sleep(0.01)

    assert is_alive(pid) == expected
    if expected:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("how", HOWS)
def test_a_task_of_a_daemon(make_home, is_alive, how):
    """C053: a task outlives its daemon, however that ends, and the next one knows it, with what it was and its end."""
    home = make_home()
    with Client(home.socket, patience_s=5.0) as client:
        id_ = client.submit(shell("sleep 0.7; exit 4"))
        while (view := client.get(id_)).state != "running":
            time.sleep(0.01)
        if how == "leaves":
            client.shutdown()
        else:
            home.daemon.send_signal(getattr(signal, f"SIG{how}"))
        home.daemon.wait(10)
        assert is_alive(view.pid)
        home.begin()
        ended = client.wait(id_).tasks[0]

    assert (ended.pid, ended.attempt) == (view.pid, 1)
    assert ended.started_at == pytest.approx(view.started_at, abs=0.05)
    assert (ended.outcome.kind, ended.outcome.code) == ("failed", 4)
