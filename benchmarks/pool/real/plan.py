"""What is to be done: tasks of the reference's classes, scaled down, seeded; and the least time that they can take.

Pure but for `write_plan`. Not here: who does it (`rivals`), and under which limit (`scenarios`).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

GB = 1e9
MEMORY_DIVISOR = 16
LONGEST_S = 200.0
"""No task is longer before it is scaled: the longest alone would else be the bound of so short a list."""

PEAK_SHARE = 0.6
"""Of the limit; a task that does not fit beside the programs of a rival could not be run by anybody."""

Class = Literal["small", "medium", "heavy", "ramp", "spike", "agent"]


class Kind(Struct, frozen=True):
    """A class of tasks: ranges of the medians of its keys, and how far tasks of one key differ (sigma of the log)."""

    peak_gb: tuple[float, float]
    peak_sigma: float
    seconds: tuple[float, float]
    seconds_sigma: float
    cores: tuple[float, float]


KINDS: dict[Class, Kind] = {
    "small": Kind((0.1, 0.4), 0.2, (15, 60), 0.3, (0.8, 1)),
    "medium": Kind((0.8, 2.5), 0.2, (60, 240), 0.3, (1, 2)),
    "heavy": Kind((0.8, 1.6), 0.0, (60, 240), 0.4, (1, 1)),
    "ramp": Kind((3, 8), 0.25, (90, 300), 0.2, (0.5, 1)),
    "spike": Kind((5, 12), 0.15, (80, 200), 0.2, (1, 2)),
    "agent": Kind((0.3, 0.8), 0.25, (200, 600), 0.4, (0.05, 0.2)),
}
HEAVY_ALPHA = 1.3
KEYS_PER_KIND = 4


class Mix(Struct, frozen=True, kw_only=True):
    """Shares of the classes, how many tasks of it a run has, and how many real cores one of ours stands for."""

    shares: dict[Class, float]
    tasks: int
    cores_divisor: float


class Key(Struct, frozen=True):
    """A kind of command that comes again and again: its name on the command line, and its medians."""

    name: str
    kind: Class
    peak_gb: float
    seconds: float
    cores: float


class Piece(Struct, frozen=True, kw_only=True):
    """One task. Its memory is `base_bytes` until the share `rise_from` of the run, `peak_bytes` after `rise_to`."""

    key: str
    duration_s: float
    cores: float
    base_bytes: float
    peak_bytes: float
    rise_from: float
    rise_to: float

    @property
    def cpu_s(self) -> float:
        """Seconds of one processor."""
        return self.duration_s * self.cores

    @property
    def byte_seconds(self) -> float:
        """Memory times the time for which it is held, if nothing slows it."""
        rising = (self.base_bytes + self.peak_bytes) / 2 * (self.rise_to - self.rise_from)
        return self.duration_s * (self.base_bytes * self.rise_from + rising + self.peak_bytes * (1 - self.rise_to))


def draw(mix: Mix, seed: int, *, tasks: int, time_divisor: float, limit_bytes: float) -> list[Piece]:
    """Give the tasks of one run; the keys and their medians are the same for every seed."""
    keys = make_keys()
    chance = random.Random(f"tasks {seed}")
    kinds = _apportion(mix.shares, tasks)
    chance.shuffle(kinds)
    scale = _Scale(time_divisor, mix.cores_divisor, PEAK_SHARE * limit_bytes)
    return [_draw_piece(chance, chance.choice(keys[kind]), scale) for kind in kinds]


def make_keys() -> dict[Class, list[Key]]:
    """Four of each class, named by letters: digits in a command line are what differs from run to run."""
    chance = random.Random("keys")
    return {name: [_make_key(chance, name, kind, letter) for letter in "abcd"] for name, kind in KINDS.items()}


def _make_key(chance: random.Random, name: Class, kind: Kind, letter: str) -> Key:
    ranges = (kind.peak_gb, kind.seconds, kind.cores)
    return Key(f"{name}-{letter}", name, *(chance.uniform(*bounds) for bounds in ranges))


def _apportion(shares: dict[Class, float], tasks: int) -> list[Class]:
    """Exact shares instead of drawn ones: with two dozen tasks, chance would decide what is measured."""
    whole: dict[Class, int] = {kind: int(share * tasks) for kind, share in shares.items()}
    rest = sorted(shares, key=lambda kind: whole[kind] - shares[kind] * tasks)
    for kind in rest[: tasks - sum(whole.values())]:
        whole[kind] += 1
    return [kind for kind, count in whole.items() for _ in range(count)]


class _Scale(Struct, frozen=True):
    time_divisor: float
    cores_divisor: float
    most_bytes: float


def _draw_piece(chance: random.Random, key: Key, scale: _Scale) -> Piece:
    kind = KINDS[key.kind]
    seconds = min(key.seconds * chance.lognormvariate(0, kind.seconds_sigma), LONGEST_S)
    stretch = chance.paretovariate(HEAVY_ALPHA) if key.kind == "heavy" else chance.lognormvariate(0, kind.peak_sigma)
    peak_bytes = min(key.peak_gb * stretch * GB / MEMORY_DIVISOR, scale.most_bytes)
    base, rise_from, rise_to = _shape(chance, key.kind, seconds)
    return Piece(
        key=key.name,
        duration_s=seconds / scale.time_divisor,
        cores=key.cores / scale.cores_divisor,
        base_bytes=base * peak_bytes,
        peak_bytes=peak_bytes,
        rise_from=rise_from,
        rise_to=rise_to,
    )


def _shape(chance: random.Random, kind: Class, seconds: float) -> tuple[float, float, float]:
    """Share of the peak held at first, and the shares of the run between which the rest comes."""
    if kind == "ramp":
        return 0.05, 0.0, 1.0
    if kind == "spike":
        begins = chance.uniform(0.5, 0.8)
        return 0.05, begins, min(begins + 2 / seconds, 1.0)
    return 0.0, 0.0, 0.1


def area_bound_s(pieces: Sequence[Piece], cores: int, limit_bytes: float) -> float:
    """The time below which nobody can be: processors, memory, or the longest task."""
    return max(
        sum(piece.cpu_s for piece in pieces) / cores,
        sum(piece.byte_seconds for piece in pieces) / limit_bytes,
        *(piece.duration_s for piece in pieces),
    )


def write_plan(path: Path, pieces: Sequence[Piece], lifetime_s: int) -> None:
    """Write what the program reads: first the seconds after which a task ends itself, then a line for each."""
    lines = [
        f"{number} {each.duration_s} {each.cores} {each.base_bytes} {each.peak_bytes} {each.rise_from} {each.rise_to}"
        for number, each in enumerate(pieces)
    ]
    path.write_text("\n".join([str(lifetime_s), *lines, ""]))
