"""One client hands over many tasks to a daemon that starts none of them."""

from __future__ import annotations

import sys

from benchmarks.rivals.harness import WARM_UP_SPAWNS, Watch
from benchmarks.rivals.home import running_daemon
from procession.model.task import task


def main() -> None:
    """Arguments: how many, a directory for state."""
    amount, scratch = int(sys.argv[1]), sys.argv[2]
    job = task(["true"])
    with running_daemon(1, scratch) as client:
        client.drain()
        client.submit_all([job] * WARM_UP_SPAWNS)
        watch = Watch()
        watch.tell(len(client.submit_all([job] * amount)))


main()
