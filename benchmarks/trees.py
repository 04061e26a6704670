"""What one look at many process trees costs: ``python -m benchmarks.trees [200 1000]``.

Against one pass of ``psutil.process_iter`` over the same attributes, where psutil is installed; in turn, in one
process, the same number of looks each. The trees are programs that sleep. Prints medians, and the ratio within each
round.
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
from typing import Any

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
    times: dict[str, list[float]] = {name: [] for name in rivals}
    for number in range(ROUNDS + 1):
        for name, look in rivals.items():
            begun = time.perf_counter()
            look()
            if number:  # the first opens what the others keep
                times[name].append((time.perf_counter() - begun) * 1000)
    sampler.close()
    table.close()
    size = len(roots)
    wanted = f" (wanted: {TARGETS_MS[size]:.0f} ms)" if size in TARGETS_MS else ""
    print(f"{size} trees{wanted}")
    for name, spent in times.items():
        ratio = ""
        if psutil is not None and name != "psutil":
            ratios = [theirs / ours for theirs, ours in zip(times["psutil"], spent, strict=True)]
            ratio = f", {statistics.median(ratios):.1f} × faster than psutil ({min(ratios):.1f} to {max(ratios):.1f})"
        print(f"  {name}: {statistics.median(spent):.1f} ms{ratio}")


def _psutil() -> Any:
    try:
        return importlib.import_module("psutil")
    except ImportError:
        print("psutil is not installed, and left out")
        return None


if __name__ == "__main__":
    assert os.path.isdir("/proc/self")
    main()
