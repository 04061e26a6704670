"""A daemon and its keeper with many tasks that do nothing: their memory, or their time on a processor."""

from __future__ import annotations

import sys
import time

from benchmarks.rivals.harness import Watch
from benchmarks.rivals.home import running_daemon
from benchmarks.rivals.processes import cpu_s, memory_bytes
from procession.client.client import Client
from procession.model.task import task

SETTLE_S = 2.0


def main() -> None:
    """Arguments: how many tasks, seconds to watch them, a directory for state, `Rss`, `Pss` or `cpu`."""
    n, watch_s, scratch, which = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4]
    with running_daemon(n, scratch) as client:
        client.submit_all([task(["sleep", "3600"])] * n)
        wait_until_running(client, n)
        time.sleep(SETTLE_S)
        pids = pids_of(client)
        watch, before_s = Watch(), cpu_s(*pids)
        time.sleep(watch_s if which == "cpu" else 0)
        used_s = cpu_s(*pids) - before_s
        figure = used_s * 60 / watch_s if which == "cpu" else float(memory_bytes(which, *pids))
        watch.tell(n, figure)


def wait_until_running(client: Client, n: int) -> None:
    """All of them."""
    while client.status().counts.get("running", 0) < n:
        time.sleep(0.1)


def pids_of(client: Client) -> tuple[int, int]:
    """Of the daemon and of the keeper."""
    status = client.status()
    assert status.keeper_pid is not None
    return status.pid, status.keeper_pid


main()
