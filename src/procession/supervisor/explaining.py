"""EXPLAINS: why a task waits, or why it was let in, for who asks. Not here: the reasons themselves (`gate`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from procession.model.state import State
from procession.model.why import Why

if TYPE_CHECKING:
    from procession.supervisor.conductor import Conductor
    from procession.supervisor.entry import Entry


def explain(conductor: Conductor, entry: Entry) -> Why:
    """Say it of ``entry``."""
    return Why(
        task=entry.id,
        state=entry.view.state,
        reason=_reason(conductor, entry),
        position=conductor.gate.place_of(entry),
        key=entry.key,
        expected=conductor.gate.admission.expects(entry.key, entry.task.need),
        need=entry.task.need,
        slots=dict(entry.slots),
    )


def _reason(conductor: Conductor, entry: Entry) -> str:
    view = entry.view
    if view.state is State.QUEUED:
        return conductor.gate.why(entry) or view.waiting or "it was only just submitted"
    if view.waiting is not None:
        return view.waiting
    if view.outcome is not None:
        return f"it is over: {view.outcome.message or view.outcome.kind.value}"
    return entry.admitted or "it was let in"
