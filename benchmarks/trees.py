"""What one look at many process trees costs: ``python -m benchmarks.trees [200 1000]``.

Against one pass of ``psutil.process_iter`` over the same attributes, where psutil is installed; in turn, in one
process, the same number of looks each. The trees are programs that sleep. Prints medians, and the ratio within each
round: by the clock, and by processor time, which is steadier where others use the machine, too.
"""

from __future__ import annotations

import importlib
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from procession.kernel.process_table import ProcessTable, Root
from procession.monitor.resources.sampler import TreeSampler
from procession.process.snapshot import tokens_of

ROUNDS = 15
TARGETS_MS = {200: 12.0, 1000: 45.0}
_ATTRIBUTES = ["ppid", "status", "cpu_times", "memory_info", "num_threads", "num_fds", "io_counters"]


def main() -> None:
    """Measure every size that was asked for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for size in [int(word) for word in sys.argv[1:]] or sorted(TARGETS_MS):
        trees = [subprocess.Popen(["sleep", "1000"], start_new_session=True) for _ in range(size)]
        try:
            _measure({str(each.pid): Root(each.pid) for each in trees})
        finally:
            for each in trees:
                each.kill()
            for each in trees:
                each.wait()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _measure(roots: dict[str, Root]) -> None:
    sampler, table = TreeSampler(tokens_of), ProcessTable(tokens_of)
    rivals: dict[str, Callable[[], object]] = {
        "a whole tick": lambda: sampler.sample(roots, time.time(), time.monotonic()),
        "the look alone": lambda: table.look(roots),
    }
    psutil = _psutil()
    if psutil is not None:
        rivals["psutil"] = lambda: [each.info for each in psutil.process_iter(_ATTRIBUTES)]
    spent: dict[str, list[_Spent]] = {name: [] for name in rivals}
    for number in range(ROUNDS + 1):
        for name, look in rivals.items():
            begun = _now()
            look()
            if number:  # the first opens what the others keep
                spent[name].append(_Spent(*((now - then) * 1000 for now, then in zip(_now(), begun, strict=True))))
    sampler.close()
    table.close()
    size = len(roots)
    wanted = f" (wanted: {TARGETS_MS[size]:.0f} ms)" if size in TARGETS_MS else ""
    print(f"{size} trees{wanted}")
    for name, ours in spent.items():
        wall, cpu = (statistics.median(each) for each in zip(*ours, strict=True))
        ratio = "" if name == "psutil" or psutil is None else _compared(spent["psutil"], ours)
        print(f"  {name}: {wall:.1f} ms, {cpu:.1f} ms of a processor{ratio}")


class _Spent(NamedTuple):
    wall_ms: float
    cpu_ms: float


def _now() -> _Spent:
    return _Spent(time.perf_counter(), time.process_time())


def _compared(theirs: list[_Spent], ours: list[_Spent]) -> str:
    rounds = list(zip(theirs, ours, strict=True))
    wall = [their.wall_ms / our.wall_ms for their, our in rounds]
    cpu = [their.cpu_ms / our.cpu_ms for their, our in rounds]
    return (
        f"; psutil needs {statistics.median(wall):.1f} × ({min(wall):.1f} to {max(wall):.1f}),"
        f" {statistics.median(cpu):.1f} × of a processor ({min(cpu):.1f} to {max(cpu):.1f})"
    )


def _psutil() -> Any:
    try:
        return importlib.import_module("psutil")
    except ImportError:
        print("psutil is not installed, and left out")
        return None


if __name__ == "__main__":
    assert os.path.isdir("/proc/self")
    main()
