"""One program for each of many items, by a command-line tool from its start to its exit."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial

from benchmarks.rivals.harness import WARM_UP_SPAWNS, measure, skip

PROCESSION = [sys.executable, "-m", "procession", "map"]
TOOLS: dict[str, Callable[[str], list[str]]] = {
    "xargs": lambda at_once: ["xargs", "-n1", f"-P{at_once}"],
    "parallel": lambda at_once: ["parallel", "--will-cite", f"-j{at_once}"],
    "procession": lambda at_once: [*PROCESSION, "-j", at_once, "--"],
    "procession_k": lambda at_once: [*PROCESSION, "-k", "-j", at_once, "--"],
}


def main() -> None:
    """Arguments: how many, the program, how many at once, the tool."""
    amount, program, at_once, name = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
    argv = [*TOOLS[name](at_once), program]
    if shutil.which(argv[0]) is None:
        skip(f"{name} is not installed")
    measure(partial(map_items, argv), amount, WARM_UP_SPAWNS)


def map_items(argv: list[str], n: int) -> int:
    """Gives it the items, and trusts its exit status: 0 says that each ended with 0. What they print is thrown away."""
    items = "".join(f"{number}\n" for number in range(n))
    subprocess.run(argv, input=items, text=True, stdout=subprocess.DEVNULL, check=True)
    return n


main()
