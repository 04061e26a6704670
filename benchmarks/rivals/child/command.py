"""A command, from its start to its exit, so many times; its median in ms. Arguments: how many, the words of Python."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

from benchmarks.rivals.harness import Watch


def main() -> None:
    """Runs it with somebody who listens nowhere: sending is a part of it, hearing is not."""
    amount, words = int(sys.argv[1]), sys.argv[2:]
    environment = os.environ | {"NOTIFY_SOCKET": "/nowhere/at/all"}
    argv = [sys.executable, *words]
    subprocess.run(argv, env=environment, check=True)
    watch = Watch()
    taken = []
    for _ in range(amount):
        began = time.perf_counter()
        subprocess.run(argv, env=environment, check=True)
        taken.append(time.perf_counter() - began)
    watch.tell(amount, statistics.median(taken))


main()
