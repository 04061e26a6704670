"""N ACT HOW: a shell that writes to the freezer and waits for it, or sends SIGSTOP to the group, and back.

The group has no member in another session: of the tree of 200 it stops 150.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.rivals.harness import Watch, skip
from benchmarks.rivals.suspend.tree import ARGV, PAUSE_S, expect_standing
from procession.kernel.cgroup import Leaf, find_home

SCRIPTS = {
    ("freezer", "suspend"): 'echo 1 > "$0/cgroup.freeze"; until grep -q "frozen 1" "$0/cgroup.events"; do :; done',
    ("freezer", "resume"): 'echo 0 > "$0/cgroup.freeze"',
    ("kill", "suspend"): 'kill -s STOP -- "-$0"',
    ("kill", "resume"): 'kill -s CONT -- "-$0"',
}


def measure(n: int, act: str, how: str) -> None:
    """In turn, with a moment between."""
    spent: dict[str, list[float]] = {"suspend": [], "resume": []}
    with group() as leaf, tree(leaf) as leader:
        target = leaf.path if how == "freezer" else str(leader)
        watch = Watch()
        for _ in range(n):
            for name, times in spent.items():
                time.sleep(PAUSE_S)
                began = time.perf_counter()
                subprocess.run(["sh", "-c", SCRIPTS[how, name], target], check=True)
                times.append(time.perf_counter() - began)
                if name == "suspend" and how == "freezer":
                    expect_standing(leaf.pids())
        watch.tell(n, median(spent[act]))


@contextlib.contextmanager
def group() -> Iterator[Leaf]:
    """A control group beside ours."""
    home = find_home()
    path = Path(home or "/nowhere") / f"benchmark-{os.getpid()}"
    try:
        path.mkdir()
    except OSError:
        skip("no control group can be written here")
    try:
        yield Leaf(str(path))
    finally:
        path.rmdir()


@contextlib.contextmanager
def tree(leaf: Leaf) -> Iterator[int]:
    """The tree, in the group; ended with all of it."""
    enter = f'echo $$ > {leaf.path}/cgroup.procs; exec "$@"'
    argv = ["sh", "-c", enter, "sh", *ARGV]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True) as leader:
        assert leader.stdout is not None
        leader.stdout.readline()
        try:
            yield leader.pid
        finally:
            os.killpg(leader.pid, signal.SIGCONT)
            leaf.kill()
            leader.wait()
            while leaf.is_populated():
                time.sleep(0.001)


measure(int(sys.argv[1]), *sys.argv[2:])
