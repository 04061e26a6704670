"""From what was seen of an end to what it means. Pure: the same evidence always gives the same verdict."""

from __future__ import annotations

import signal as signals

from msgspec import Struct

from procession.model.outcome import ExitStatus, Outcome, OutcomeKind, Usage
from procession.model.signals import signal_name

_KIND_OF_WISH = {
    "timeout": OutcomeKind.TIMED_OUT,
    "cancel": OutcomeKind.CANCELLED,
    "readiness": OutcomeKind.TIMED_OUT,
    "watchdog": OutcomeKind.TIMED_OUT,
    "done": OutcomeKind.SUCCEEDED,
}
_WISH_IN_WORDS = {
    "timeout": "its time was up",
    "cancel": "its caller was cancelled",
    "readiness": "it was not ready in time",
    "watchdog": "it gave no sign of life in time",
    "done": "its completion file was there",
    "shutdown": "the supervisor shut down",
    "user": "stopped on request",
    "restart": "it was to begin anew",
    "reaction": "stopped by what its settings say",
}


class Evidence(Struct, frozen=True, kw_only=True):
    """Everything seen of one end.

    stopped_by: whose wish its end was, set only if it still ran when the wish came. sent_signals: what we sent beside
    that. out_of_memory_kills: counted by the kernel in its control group; None: nobody can know. lost: why nobody can
    know how it ended, where that is because whoever looked after it was gone, too.
    """

    exit: ExitStatus
    stopped_by: str | None = None
    forced: bool = False
    sent_signals: frozenset[int] = frozenset()
    out_of_memory_kills: int | None = 0
    leaked: bool = False
    survivors: tuple[int, ...] = ()
    duration_s: float | None = None
    usage: Usage | None = None
    lost: str | None = None


def judge(seen: Evidence) -> Outcome:
    """Give the verdict. What nobody can know is ``unknown``, whatever was wished."""
    return Outcome(
        kind=_kind(seen),
        code=seen.exit.code,
        signal=seen.exit.signal,
        signal_name=signal_name(seen.exit.signal) if seen.exit.signal is not None else None,
        message=_message(seen),
        core_dumped=seen.exit.core_dumped,
        forced=seen.forced,
        stopped_by=seen.stopped_by,
        leaked=seen.leaked,
        survivors=seen.survivors,
        duration_s=seen.duration_s,
        usage=seen.usage,
    )


def _kind(seen: Evidence) -> OutcomeKind:
    if not seen.exit.known:
        return OutcomeKind.LOST if seen.lost else OutcomeKind.UNKNOWN
    if seen.stopped_by is not None:
        return _KIND_OF_WISH.get(seen.stopped_by, OutcomeKind.STOPPED)
    if seen.exit.signal is None:
        return OutcomeKind.FAILED if seen.exit.code else OutcomeKind.SUCCEEDED
    if seen.exit.signal == signals.SIGKILL and seen.out_of_memory_kills:
        return OutcomeKind.OUT_OF_MEMORY
    return OutcomeKind.KILLED


def _message(seen: Evidence) -> str:
    parts = [_wish(seen), seen.lost or _end(seen), _sender(seen)]
    if seen.survivors:
        parts.append(f"still alive: {', '.join(map(str, seen.survivors))}")
    if seen.leaked:
        parts.append("a descendant kept its output open")
    return "; ".join(part for part in parts if part)


def _wish(seen: Evidence) -> str:
    if seen.stopped_by is None:
        return ""
    return _WISH_IN_WORDS.get(seen.stopped_by, f"stopped by {seen.stopped_by}")


def _end(seen: Evidence) -> str:
    if not seen.exit.known:
        return "it is gone, but another part of the program took its exit status"
    if seen.exit.signal is None:
        return f"exited with code {seen.exit.code}"
    name = signal_name(seen.exit.signal)
    described = signals.strsignal(seen.exit.signal) if seen.exit.signal < signals.SIGRTMIN else None
    core = ", core dumped" if seen.exit.core_dumped else ""
    return f"killed by {name}{f' ({described})' if described else ''}{core}"


def _sender(seen: Evidence) -> str:
    if seen.exit.signal is None or seen.stopped_by is not None:
        return ""
    if seen.exit.signal in seen.sent_signals:
        return "sent by this program"
    if seen.exit.signal == signals.SIGKILL:
        if seen.out_of_memory_kills:
            return "the kernel ran out of memory for its control group"
        if seen.out_of_memory_kills is None:
            return "not sent by this program; whether by the kernel, for want of memory, is unknown"
        return "not sent by this program"
    return ""
