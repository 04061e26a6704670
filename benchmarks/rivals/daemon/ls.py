"""`procession ls` with many tasks, from start to exit; or, for comparison, the interpreter that does nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks.rivals.harness import Watch
from benchmarks.rivals.home import running_daemon
from procession.model.task import task

REPEATS = 20


def main() -> None:
    """Arguments: how many tasks, the program they were, a directory for state, `procession` or `python`."""
    n, program, scratch, which = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # both start as they start every day
    if which == "python":
        measure([sys.executable, "-c", "pass"], n)
        return
    with running_daemon(64, scratch) as client:
        client.submit_all([task([program])] * n)
        client.wait(all_tasks=True)
        measure([str(Path(sys.executable).with_name("procession")), "ls"], n)


def measure(argv: list[str], n: int) -> None:
    """The median of several runs, after one that nobody sees."""
    watch = Watch()
    times = [run(argv) for _ in range(REPEATS + 1)][1:]
    watch.tell(n, median(times))


def run(argv: list[str]) -> float:
    """In seconds."""
    began = time.perf_counter()
    subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


main()
