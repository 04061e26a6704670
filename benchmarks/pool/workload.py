"""What is to be run: seeded tasks of 24 command keys in six classes, as in the reference of the adaptive pool.

A task's memory is piecewise linear in its progress, and it wants a constant number of processors. What the
reference leaves open is settled here: the shapes (see `_shape`), that the Pareto factor of *heavy* belongs to the
median of its key (a task's peak is that of its key, and sigma is 0) and is cut off at 60 % of memory, and that keys
are given to classes in proportion to the mix. *Surprising*: the factor is drawn for each task, so that no history
foretells it.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

GB = 1e9
KEYS = 24
_PARETO = 1.3


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of tasks: ranges of the median of a key, and how far its tasks scatter (sigma of the logarithm)."""

    peak_gb: tuple[float, float]
    peak_sigma: float
    seconds: tuple[float, float]
    seconds_sigma: float
    cpus: tuple[float, float]


KINDS = {
    "small": Kind((0.1, 0.4), 0.2, (15, 60), 0.3, (0.8, 1.0)),
    "medium": Kind((0.8, 2.5), 0.2, (60, 240), 0.3, (1.0, 2.0)),
    "heavy": Kind((0.8, 1.6), 0.0, (60, 240), 0.4, (1.0, 1.0)),
    "ramp": Kind((3.0, 8.0), 0.25, (90, 300), 0.2, (0.5, 1.0)),
    "spike": Kind((5.0, 12.0), 0.15, (80, 200), 0.2, (1.0, 2.0)),
    "agent": Kind((0.3, 0.8), 0.25, (200, 600), 0.4, (0.05, 0.2)),
}


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of the classes, and the machine they meet."""

    shares: dict[str, float]
    cores: int = 16
    memory_bytes: float = 32 * GB


MIXES = {
    "mixed": Mix({"small": 0.40, "medium": 0.20, "heavy": 0.12, "ramp": 0.10, "spike": 0.08, "agent": 0.10}),
    "memory": Mix({"small": 0.10, "medium": 0.25, "heavy": 0.20, "ramp": 0.25, "spike": 0.20}, cores=32),
    "cpu": Mix({"small": 0.60, "medium": 0.40}),
    "agents": Mix({"small": 0.10, "medium": 0.05, "heavy": 0.05, "agent": 0.80}),
}


@dataclass(frozen=True, slots=True)
class Job:
    """One task. shape: (share of its work that is done, bytes), from (0, ...) to (1, ...), linear in between."""

    number: int
    key: str
    seconds: float
    cpus: float
    shape: tuple[tuple[float, float], ...]

    @property
    def id(self) -> str:
        """Its name."""
        return f"job-{self.number}"

    @property
    def peak_bytes(self) -> float:
        """The most it takes."""
        return max(size for _, size in self.shape)

    @property
    def memory_area(self) -> float:
        """Bytes times seconds."""
        pairs = zip(self.shape, self.shape[1:], strict=False)
        return self.seconds * math.fsum((b - a) * (low + high) / 2 for (a, low), (b, high) in pairs)


@dataclass(frozen=True, slots=True)
class _Key:
    name: str
    kind: str
    peak_bytes: float
    seconds: float
    cpus: float


@dataclass(frozen=True, slots=True)
class Workload:
    """The tasks, others of the same keys that ran before, and the machine."""

    mix: str
    seed: int
    cores: int
    memory_bytes: float
    jobs: tuple[Job, ...]
    history: tuple[Job, ...]

    @property
    def bound_s(self) -> float:
        """No schedule is shorter: the area of processors, that of memory, and the longest task."""
        longest = max(each.seconds for each in self.jobs)
        return max(
            math.fsum(each.seconds * each.cpus for each in self.jobs) / self.cores,
            math.fsum(each.memory_area for each in self.jobs) / self.memory_bytes,
            longest,
        )


def make_workload(mix: str, seed: int, tasks: int = 200, *, surprising: bool = False) -> Workload:
    """Draw one. The same seed draws the same."""
    rng = random.Random(f"{mix}/{seed}")
    machine = MIXES[mix]
    keys = _keys(machine, rng, surprising=surprising)
    drawn = [_jobs(machine, keys, tasks, rng, surprising=surprising) for _ in range(2)]
    return Workload(mix, seed, machine.cores, machine.memory_bytes, drawn[0], drawn[1])


def _keys(mix: Mix, rng: random.Random, *, surprising: bool) -> dict[str, list[_Key]]:
    counts = {kind: max(1, round(share * KEYS)) for kind, share in mix.shares.items()}
    while sum(counts.values()) != KEYS:
        largest = max(counts, key=lambda kind: counts[kind])
        counts[largest] += 1 if sum(counts.values()) < KEYS else -1
    return {
        kind: [_key(kind, number, rng, surprising=surprising) for number in range(count)]
        for kind, count in counts.items()
    }


def _key(name: str, number: int, rng: random.Random, *, surprising: bool) -> _Key:
    kind = KINDS[name]
    peak = rng.uniform(*kind.peak_gb) * GB
    if name == "heavy" and not surprising:
        peak *= rng.paretovariate(_PARETO)
    return _Key(f"{name}-{number}", name, peak, rng.uniform(*kind.seconds), rng.uniform(*kind.cpus))


def _jobs(
    mix: Mix, keys: dict[str, list[_Key]], tasks: int, rng: random.Random, *, surprising: bool
) -> tuple[Job, ...]:
    kinds = rng.choices(list(mix.shares), weights=list(mix.shares.values()), k=tasks)
    return tuple(
        _job(number, rng.choice(keys[kind]), mix, rng, surprising=surprising) for number, kind in enumerate(kinds)
    )


def _job(number: int, key: _Key, mix: Mix, rng: random.Random, *, surprising: bool) -> Job:
    kind = KINDS[key.kind]
    peak = key.peak_bytes * math.exp(rng.gauss(0, kind.peak_sigma))
    if key.kind == "heavy" and surprising:
        peak *= rng.paretovariate(_PARETO)
    peak = min(peak, 0.6 * mix.memory_bytes)
    seconds = key.seconds * math.exp(rng.gauss(0, kind.seconds_sigma))
    return Job(number, key.name, seconds, key.cpus, _shape(key.kind, peak, seconds, rng))


def _shape(kind: str, peak: float, seconds: float, rng: random.Random) -> tuple[tuple[float, float], ...]:
    """Say how memory goes with progress.

    ramp: from 5 % steadily to its end. spike: 5 % until half to four fifths of the run, then all within two seconds.
    agent: half of it at once, the rest little by little until somewhere in the run. Others: all within the first tenth.
    """
    start = 0.05 * peak
    if kind == "ramp":
        return (0.0, start), (1.0, peak)
    if kind == "spike":
        at = rng.uniform(0.5, 0.8)
        return (0.0, start), (at, start), (at + min(2.0 / seconds, 0.15), peak), (1.0, peak)
    if kind == "agent":
        return (0.0, start), (min(3.0 / seconds, 0.1), 0.5 * peak), (rng.uniform(0.3, 0.9), peak), (1.0, peak)
    return (0.0, start), (rng.uniform(0.03, 0.1), peak), (1.0, peak)
