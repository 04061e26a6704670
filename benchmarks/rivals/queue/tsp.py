"""task-spooler: one call of its client per job, as it is used; its server starts with the first."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.rivals.harness import WARM_UP_SPAWNS, Watch, skip


def main() -> None:
    """Arguments: how many, the program, how many at once, a directory for what the jobs print."""
    amount, program, at_once, scratch = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
    tsp = shutil.which("tsp")
    if tsp is None:
        skip("task-spooler is not installed")
    os.environ.update(TMPDIR=scratch, TS_SOCKET=f"{scratch}/tsp.socket", TS_MAXFINISHED=str(2 * amount))
    subprocess.run([tsp, "-S", at_once], check=True)
    try:
        run_all(tsp, program, WARM_UP_SPAWNS)
        subprocess.run([tsp, "-C"], check=True)
        watch = Watch()
        run_all(tsp, program, amount)
        watch.stop()
        watch.tell(count_successes(tsp))
    finally:
        subprocess.run([tsp, "-K"], check=True)
        for output in Path(scratch).glob("ts-out.*"):
            output.unlink()


def run_all(tsp: str, program: str, n: int) -> None:
    """Calls it once per job, and waits for the last ones."""
    ids = [subprocess.run([tsp, program], check=True, stdout=subprocess.PIPE).stdout.strip() for _ in range(n)]
    for id_ in ids[-64:]:
        subprocess.run([tsp, "-w", id_], check=True)


def count_successes(tsp: str) -> int:
    """How many ended with 0: the list says `finished` and the exit code."""
    lines = subprocess.run([tsp], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[1:]
    return sum(line.split()[1] == "finished" and line.split()[3] == "0" for line in lines)


main()
