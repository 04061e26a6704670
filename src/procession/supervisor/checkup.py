"""From what is known of an attempt to how it does, and to the events of that. Nothing is done about it here.

Not here: when it is looked at (`observer`), the judgements (`procession.policy`), and what follows (`reacting`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from procession.model.amounts import format_duration
from procession.model.event import (
    ActiveAgain,
    Event,
    Looping,
    MemoryCritical,
    MemoryHigh,
    MemoryRecovered,
    NoProgress,
    OutputSampled,
    Stalled,
    WaitingForInput,
)
from procession.model.health import Health, Liveness
from procession.monitor.waits import TreeWait
from procession.policy.liveness import BUSY_CPUS, INPUT_S, Judgement, Signs
from procession.policy.memory import MemoryJudgement, judge_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from procession.model.usage import TreeUsage
    from procession.supervisor.observed import Observed

LOOK_S: Final = 30.0
IDLE_LOOK_S: Final = 10.0
"""Of one that says something, but may just be waiting for an answer."""

_LOUD: Final = frozenset({Liveness.STALLED, Liveness.WAITING_FOR_INPUT})
"""What is told when it begins, and when it ends."""


def look_at_life(seen: Observed, pids: Sequence[int], at: float) -> list[Event]:
    """Judge what it seems to do; ``at`` is the time in seconds since the epoch."""
    judged = _judge(seen, pids)
    seen.due_at_s = seen.active_s + _next_look_s(seen, judged)
    return [
        *_note_liveness(seen, judged, at),
        *_note_progress(seen, judged.liveness, at),
        *_note_loop(seen, at),
        *_note_sampling(seen, at),
    ]


def look_at_memory(seen: Observed, sample: TreeUsage) -> list[Event]:
    """Take a sample, and judge its memory."""
    seen.samples.append(sample)
    judged = judge_memory(seen.memory, seen.samples, seen.limits)
    before, seen.memory = seen.memory, judged.level
    if before == "ok" != judged.level:
        seen.memory_since = sample.at
    if seen.health is not None:
        seen.health = replace(seen.health, memory=judged.level)
    if before == judged.level or (before, judged.level) == ("critical", "high"):
        return []
    return [_memory_event(seen, sample, judged)]


def _memory_event(seen: Observed, sample: TreeUsage, judged: MemoryJudgement) -> Event:
    if judged.level == "ok":
        lasted_s = max(sample.at - seen.memory_since, 0.0)
        return MemoryRecovered(at=sample.at, memory_bytes=sample.memory_bytes, lasted_s=lasted_s)
    if judged.level == "high":
        return MemoryHigh(
            at=sample.at,
            memory_bytes=sample.memory_bytes,
            limit_bytes=seen.limits.high_bytes,
            slope_bytes_per_s=judged.slope_bytes_per_s,
            critical_in_s=judged.critical_in_s,
        )
    return MemoryCritical(
        at=sample.at,
        memory_bytes=sample.memory_bytes,
        limit_bytes=seen.limits.critical_bytes,
        slope_bytes_per_s=judged.slope_bytes_per_s,
    )


def _next_look_s(seen: Observed, judged: Judgement) -> float:
    """Say when to look again: soon where it may turn out to wait, or where its threshold is short."""
    if judged.is_reading and judged.liveness not in _LOUD:
        return INPUT_S
    usage = seen.usage
    is_idle = usage is None or (usage.cpus or 0.0) < BUSY_CPUS
    may_ask = judged.liveness is Liveness.WORKING and is_idle and seen.word_at_s > 0
    longest_s = IDLE_LOOK_S if may_ask else LOOK_S
    return max(min(longest_s, (seen.settings.stall_after_s or LOOK_S) / 2), 1.0)


def _judge(seen: Observed, pids: Sequence[int]) -> Judgement:
    usage = seen.usage
    wait = TreeWait()
    is_idle = usage is None or usage.cpus is None or usage.cpus < BUSY_CPUS
    stall_after_s, note = seen.settings.stall_after_s or 0.0, ""
    if is_idle and seen.active_s - seen.word_at_s >= min(INPUT_S, stall_after_s):
        cpu_s, moved_bytes = (None, None) if usage is None else (usage.cpu_s, usage.moved_bytes)
        wait = seen.waits.look(pids, cpu_s, moved_bytes)
    if seen.settings.adaptive:
        learned_s = seen.rhythm.threshold_s(stall_after_s)
        if learned_s > stall_after_s:
            note = f"its own rhythm of {seen.rhythm.pauses} pauses allows {format_duration(learned_s)}"
        stall_after_s = learned_s
    signs = Signs(
        at_s=seen.active_s,
        word_at_s=seen.word_at_s,
        cpu_s=None if usage is None else usage.cpu_s,
        io_bytes=None if usage is None else usage.moved_bytes,
        cpus=None if usage is None else usage.cpus,
        processes=1 if usage is None else usage.processes,
        reading=wait.reading,
        resting=wait.resting,
    )
    return seen.judge.judge(signs, stall_after_s, note)


def _note_liveness(seen: Observed, judged: Judgement, at: float) -> list[Event]:
    before = seen.health
    is_new = before is None or before.liveness is not judged.liveness
    since = at if before is None or is_new else before.since
    seen.health = Health(
        liveness=judged.liveness,
        since=since,
        evidence=judged.evidence,
        is_looping=before is not None and before.is_looping,
        memory=seen.memory,
    )
    if not is_new:
        return []
    events: list[Event] = []
    if before is not None and before.liveness in _LOUD:
        lasted_s = max(seen.active_s - seen.loud_since_s, 0.0)
        events.append(ActiveAgain(at=at, was=before.liveness.value, lasted_s=lasted_s))
    if judged.liveness in _LOUD:
        seen.loud_since_s = seen.active_s
    if judged.liveness is Liveness.STALLED:
        events.append(Stalled(at=at, silent_s=judged.lifeless_s, evidence=judged.evidence))
    elif judged.liveness is Liveness.WAITING_FOR_INPUT:
        events.append(WaitingForInput(at=at, evidence=judged.evidence))
    return events


def _note_progress(seen: Observed, liveness: Liveness, at: float) -> list[Event]:
    """Tell once when its progress stands still although it claims to work.

    By movement, never by where it stands: a bar at 40 % that is drawn a thousand times has moved once.
    """
    unmoved_s, limit_s = seen.unmoved_s, seen.settings.no_progress_after_s or 0.0
    if unmoved_s is None:
        return []
    if unmoved_s < limit_s:
        if seen.stuck_s is None:
            return []
        lasted_s, seen.stuck_s = seen.stuck_s, None
        return [ActiveAgain(at=at, was="no_progress", lasted_s=lasted_s)]
    was_told, seen.stuck_s = seen.stuck_s is not None, unmoved_s
    if was_told or liveness in _LOUD:
        return []
    evidence = f"no movement for {format_duration(unmoved_s)}, though it is {liveness.value}"
    return [NoProgress(at=at, unmoved_s=unmoved_s, evidence=evidence)]


def _note_loop(seen: Observed, at: float) -> list[Event]:
    line = seen.loop
    moves = seen.unmoved_s is not None and seen.unmoved_s < LOOK_S * 10
    is_looping = line is not None and not moves
    assert seen.health is not None
    was_looping = seen.health.is_looping
    seen.health = replace(seen.health, is_looping=is_looping)
    if line is None or not is_looping or was_looping:
        return []
    return [Looping(at=at, line=line, evidence="nearly all of its last 200 lines are alike but for their digits")]


def _note_sampling(seen: Observed, at: float) -> list[Event]:
    if not seen.skipped_bytes or seen.tells_sampled:
        return []
    seen.tells_sampled = True
    return [OutputSampled(at=at, skipped_bytes=seen.skipped_bytes)]
