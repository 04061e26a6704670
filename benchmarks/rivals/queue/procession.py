"""Procession's daemon: one client submits all jobs and waits for them. Everything is written down."""

from __future__ import annotations

import sys

from benchmarks.rivals.harness import WARM_UP_SPAWNS, Watch
from benchmarks.rivals.home import running_daemon
from procession.client.client import Client
from procession.model.task import Task, task


def main() -> None:
    """Arguments: how many, the program, how many at once, a directory for state."""
    amount, program, at_once, scratch = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
    with running_daemon(at_once, scratch) as client:
        run_all(client, [task([program])] * WARM_UP_SPAWNS)
        watch = Watch()
        ids = run_all(client, [task([program])] * amount)
        watch.stop()
        watch.tell(count_successes(client, ids))


def run_all(client: Client, jobs: list[Task]) -> list[str]:
    """Submits them and waits for all."""
    ids = client.submit_all(jobs)
    client.wait(all_tasks=True)
    return ids


def count_successes(client: Client, ids: list[str]) -> int:
    """How many ended with 0."""
    return len({view.id for view in client.list(limit=2 * len(ids)) if view.ok}.intersection(ids))


main()
