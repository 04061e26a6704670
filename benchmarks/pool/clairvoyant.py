"""A schedule by somebody who knows every task beforehand: how long a policy could take that guesses nothing.

Each task is placed at the earliest time at which its whole profile of memory and its processors fit, one after the
other in several orders; the best of them counts. Nobody is suspended, nothing is overcommitted. It is not the optimum,
but no policy that guesses has any right to beat it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from benchmarks.pool.neighbour import Neighbour
from benchmarks.pool.workload import Job, Workload

BIN_S = 0.5
_PIECES = 10


def clairvoyant_s(workload: Workload, neighbour: Neighbour) -> float:
    """Give the makespan of the best list schedule."""
    memory, cores = workload.memory_bytes, workload.cores
    orders: list[Callable[[Job], float]] = [
        lambda job: job.seconds,
        lambda job: job.memory_area,
        lambda job: max(job.memory_area / memory, job.seconds * job.cpus / cores),
        lambda job: job.peak_bytes,
        lambda job: job.seconds * (job.peak_bytes / memory + job.cpus / cores),
    ]
    return min(_schedule(workload, neighbour, order) for order in orders)


def _schedule(workload: Workload, neighbour: Neighbour, order: Callable[[Job], float]) -> float:
    bins = int(6 * workload.bound_s / BIN_S) + 4000
    memory = [workload.memory_bytes - neighbour.memory_bytes(number * BIN_S) for number in range(bins)]
    cpus = [workload.cores - neighbour.cpus(number * BIN_S) for number in range(bins)]
    first_cpu = 0
    end = 0
    for job in sorted(workload.jobs, key=order, reverse=True):
        pieces, length = _profile(job)
        while cpus[first_cpu] < 0.05:
            first_cpu += 1
        start = _earliest(job, pieces, length, memory, cpus, first_cpu)
        for begin, stop, size in pieces:
            for at in range(start + begin, start + stop):
                memory[at] -= size
        for at in range(start, start + length):
            cpus[at] -= job.cpus
        end = max(end, start + length)
    return end * BIN_S


def _profile(job: Job) -> tuple[list[tuple[int, int, float]], int]:
    """Cut it into pieces of constant memory, each as high as it gets within the piece."""
    length = max(math.ceil(job.seconds / BIN_S - 1e-6), 1)
    pieces = []
    for (begin, low), (end, high) in zip(job.shape, job.shape[1:], strict=False):
        parts = 1 if low == high else _PIECES
        for part in range(parts):
            first = begin + (end - begin) * part / parts
            last = begin + (end - begin) * (part + 1) / parts
            size = max(low + (high - low) * part / parts, low + (high - low) * (part + 1) / parts)
            pieces.append((int(first * length), min(math.ceil(last * length), length), size))
    flat = [0.0] * length
    for start, stop, size in pieces:
        for at in range(start, stop):
            flat[at] = max(flat[at], size)
    return _runs(flat), length


def _runs(flat: list[float]) -> list[tuple[int, int, float]]:
    runs: list[tuple[int, int, float]] = []
    for at, size in enumerate(flat):
        if runs and runs[-1][2] == size:
            runs[-1] = (runs[-1][0], at + 1, size)
        else:
            runs.append((at, at + 1, size))
    return runs


def _earliest(  # noqa: PLR0917 - one step of `_schedule`, with its state
    job: Job, pieces: list[tuple[int, int, float]], length: int, memory: list[float], cpus: list[float], start: int
) -> int:
    by_size = sorted(pieces, key=lambda each: -each[2])
    wanted = job.cpus - 1e-9
    while True:
        if min(cpus[start : start + length]) < wanted:
            start = _after_last_below(cpus, start + length, wanted)
            continue
        for begin, stop, size in by_size:
            if min(memory[start + begin : start + stop]) < size:
                start = _after_last_below(memory, start + stop, size) - begin
                break
        else:
            return start


def _after_last_below(values: list[float], end: int, wanted: float) -> int:
    """Say after which place from the end nothing is too little any more: whoever starts earlier meets it again."""
    at = end - 1
    while values[at] >= wanted:
        at -= 1
    return at + 1
