"""What every attempt of every task came to, read from the file in which they note it themselves."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

ATTEMPTS = 32
_ATTEMPT = struct.Struct("=5Q")
_COUNT = struct.Struct("=Q")
_PLACE_BYTES = _COUNT.size + ATTEMPTS * _ATTEMPT.size


class Attempt(Struct, frozen=True, kw_only=True):
    """Times are of the monotonic clock; `done` is the share of the task that was reached."""

    number: int
    started_s: float
    seen_s: float
    cpu_s: float
    done: float
    ended: bool


def make_journal(path: Path, tasks: int) -> None:
    """Make an empty one."""
    path.write_bytes(bytes(tasks * _PLACE_BYTES))


def read_journal(path: Path) -> list[Attempt]:
    """Give all attempts, task by task; one that was killed before it came to write is an attempt, too."""
    data = path.read_bytes()
    return [
        _read_attempt(data, number, turn)
        for number in range(len(data) // _PLACE_BYTES)
        for turn in range(min(_COUNT.unpack_from(data, number * _PLACE_BYTES)[0], ATTEMPTS))
    ]


def _read_attempt(data: bytes, number: int, turn: int) -> Attempt:
    at = number * _PLACE_BYTES + _COUNT.size + turn * _ATTEMPT.size
    started_ns, seen_ns, cpu_ns, done_millionths, ended = _ATTEMPT.unpack_from(data, at)
    return Attempt(
        number=number,
        started_s=started_ns / 1e9,
        seen_s=max(seen_ns, started_ns) / 1e9,
        cpu_s=cpu_ns / 1e9,
        done=done_millionths / 1e6,
        ended=bool(ended),
    )


def unfinished(path: Path, tasks: int) -> list[int]:
    """Give the numbers of the tasks of which no attempt ended."""
    finished = {attempt.number for attempt in read_journal(path) if attempt.ended}
    return [number for number in range(tasks) if number not in finished]


def lost_attempts(attempts: Sequence[Attempt], *, was_stopped: bool) -> list[Attempt]:
    """Give those that were killed; where the run was stopped, the last of a task that was not done yet is none."""
    ended = {each.number for each in attempts if each.ended}
    last = {each.number: each for each in attempts}
    return [
        each
        for each in attempts
        if not each.ended and not (was_stopped and each.number not in ended and last[each.number] is each)
    ]
