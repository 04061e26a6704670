"""What a task seems to do, judged by what was seen of it: whether it works, is quiet, waits, or has stalled.

Silence alone says nothing: `git gc` in a pipe computes for minutes without a word. So a task has stalled only when
there was no word, no CPU time and no I/O of its whole tree for its threshold. The figures and their reasons:
docs/design/monitoring.md.
Pure: time comes in as seconds in which the task could run; what it was suspended for is not among them.
Not here: looking (`procession.monitor`), telling and acting (`procession.supervisor`).
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from procession.model.amounts import format_duration, format_size
from procession.model.health import Liveness

RECENT_S: Final = 30.0
"""A word so lately means that it works."""

BUSY_CPUS: Final = 0.01
"""So much of a core, and it is busy."""

ALIVE_CPUS: Final = 0.002
"""Less than this is no sign of life: a timer that does nothing takes as much."""

INPUT_S: Final = 5.0
"""So long it reads what nobody writes before it is said to wait for input."""


class Signs(Struct, frozen=True, kw_only=True):
    """What is seen of a task in one look; sums are those of its whole tree since it started.

    at_s: seconds in which it could run so far. word_at_s: when it last said anything. cpu_s, io_bytes: None where that
    cannot be seen. cpus: the processors it used lately, where that is known. reading: what it waits to read, if all of
    it does nothing else. resting: what it sleeps in.
    """

    at_s: float
    word_at_s: float
    cpu_s: float | None = None
    io_bytes: int | None = None
    cpus: float | None = None
    processes: int = 1
    reading: str | None = None
    resting: str = ""


class Judgement(Struct, frozen=True, kw_only=True):
    """What it seems to do, by what, and for how long there has been no sign of life.

    is_reading: it is to be looked at again after `INPUT_S`, to see whether it still waits.
    """

    liveness: Liveness
    evidence: str
    lifeless_s: float = 0.0
    is_reading: bool = False


class LivenessJudge:
    """Judges one attempt, look after look."""

    __slots__ = ("_cpu_s", "_io_bytes", "_reading_since_s", "_seen_at_s", "_sign_at_s")

    def __init__(self, at_s: float = 0.0) -> None:
        self._seen_at_s = at_s
        self._cpu_s = self._io_bytes = 0.0
        self._sign_at_s = at_s
        self._reading_since_s: float | None = None

    def judge(self, signs: Signs, stall_after_s: float, threshold_note: str = "") -> Judgement:
        """Say what it seems to do now. ``threshold_note`` is said beside a threshold that was not configured."""
        span_s = max(signs.at_s - self._seen_at_s, 1e-3)
        cpu_s, io_bytes = signs.cpu_s or self._cpu_s, signs.io_bytes or self._io_bytes
        grown_s, moved_bytes = max(cpu_s - self._cpu_s, 0.0), max(io_bytes - self._io_bytes, 0.0)
        self._seen_at_s, self._cpu_s, self._io_bytes = signs.at_s, cpu_s, io_bytes
        if grown_s / span_s >= ALIVE_CPUS or moved_bytes > 0:
            self._sign_at_s = signs.at_s
        cpus = grown_s / span_s if signs.cpus is None else signs.cpus
        self._sign_at_s = max(self._sign_at_s, signs.word_at_s)
        silent_s, lifeless_s = signs.at_s - signs.word_at_s, signs.at_s - self._sign_at_s
        seen = _evidence(signs, silent_s, cpus, moved_bytes)
        is_reading = signs.reading is not None
        if self._has_read_for_long(signs, is_busy=cpus >= BUSY_CPUS):
            liveness, seen = Liveness.WAITING_FOR_INPUT, f"{seen}, reads {signs.reading}"
        elif lifeless_s >= stall_after_s:
            liveness, seen = Liveness.STALLED, f"{seen} ({threshold_note})" if threshold_note else seen
        elif silent_s <= RECENT_S:
            said = f"it has said something within {RECENT_S:.0f} s" if signs.word_at_s > 0 else "it has just begun"
            liveness, seen = Liveness.WORKING, said
        else:
            liveness = Liveness.QUIET
        return Judgement(liveness=liveness, evidence=seen, lifeless_s=lifeless_s, is_reading=is_reading)

    def _has_read_for_long(self, signs: Signs, *, is_busy: bool) -> bool:
        if signs.reading is None or is_busy:
            self._reading_since_s = None
            return False
        if self._reading_since_s is None or signs.word_at_s > self._reading_since_s:
            self._reading_since_s = signs.at_s
        return signs.at_s - self._reading_since_s >= INPUT_S


def _evidence(signs: Signs, silent_s: float, cpus: float, io_bytes: float) -> str:
    facts = [f"silent {format_duration(silent_s)}"]
    facts += [] if signs.cpu_s is None else [f"{cpus:.2f} CPUs" if cpus >= ALIVE_CPUS else "0.00 CPUs"]
    facts += [] if signs.io_bytes is None else [f"{format_size(io_bytes)} I/O"]
    facts.append(f"{signs.processes} process{'' if signs.processes == 1 else 'es'}")
    facts += [f"all sleeping in {signs.resting}"] if signs.resting else []
    return ", ".join(facts)
