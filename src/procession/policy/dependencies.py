"""Whether the conditions of a task are met, still open, or can no longer be met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from procession.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from procession.model.task import Dependency


class Upstream(Struct, frozen=True, kw_only=True):
    """What is known of a task that others wait for.

    has_started: it ran in some attempt. is_ready: its present attempt is ready, or its last one was. outcome: None
    until it is over, retries included.
    """

    has_started: bool = False
    is_ready: bool = False
    outcome: Outcome | None = None


class Met(Struct, frozen=True):
    """Nothing stands in the way."""


class Pending(Struct, frozen=True):
    """Something is still open; ``reason`` names it."""

    reason: str


class Impossible(Struct, frozen=True):
    """It can no longer be met; ``message`` names the dependency and how it ended."""

    task: str
    message: str


Verdict = Met | Pending | Impossible


def judge_dependencies(after: Iterable[Dependency], known: Mapping[str, Upstream]) -> Verdict:
    """Judge all of ``after`` together: one that is impossible decides, else the first that is pending."""
    verdicts = [judge_dependency(each, known[each.task]) for each in after]
    for kind in (Impossible, Pending):
        for verdict in verdicts:
            if isinstance(verdict, kind):
                return verdict
    return Met()


def judge_dependency(dependency: Dependency, upstream: Upstream) -> Verdict:
    """Judge one condition. A task that will be tried again has not ended, so its success is still possible."""
    if _is_met(dependency, upstream):
        return Met()
    verb = _VERBS[dependency.condition]
    if upstream.outcome is None:
        return Pending(f"waiting for {dependency.task} to {verb}")
    end = upstream.outcome.kind.value.replace("_", " ")
    because = f" ({upstream.outcome.message})" if upstream.outcome.message else ""
    return Impossible(
        dependency.task, f"needs {dependency.task} to {verb}, but that {_HELPING.get(end, '')}{end}{because}"
    )


_VERBS = {"started": "start", "ready": "become ready", "succeeded": "succeed", "ended": "end"}

_HELPING = dict.fromkeys(("killed", "stopped", "cancelled", "evicted", "lost"), "was ") | {
    "out of memory": "ran ",
    "unknown": "ended as ",
}


def _is_met(dependency: Dependency, upstream: Upstream) -> bool:
    if dependency.condition == "started":
        return upstream.has_started
    if dependency.condition == "ready":
        return upstream.is_ready and (upstream.outcome is None or upstream.outcome.ok)
    if upstream.outcome is None:
        return False
    return dependency.condition == "ended" or upstream.outcome.ok
