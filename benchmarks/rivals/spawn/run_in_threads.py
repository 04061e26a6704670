"""`subprocess.run` in a pool of as many threads as there are children at once."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from subprocess import DEVNULL

from benchmarks.rivals.harness import WARM_UP_SPAWNS, expect_success, measure


def main() -> None:
    """Arguments: how many, the program, how many at once."""
    amount, program, at_once = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    with ThreadPoolExecutor(at_once) as pool:
        measure(lambda n: sum(pool.map(spawn_one, [program] * n)), amount, WARM_UP_SPAWNS)


def spawn_one(program: str) -> int:
    """Starts and waits; counts as one."""
    done = subprocess.run([program], stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True, check=False)
    expect_success(done.returncode)
    return 1


main()
