"""Fold an event into what is shown of a task. Pure: the same events give the same view, live or replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from procession.ipc.notices import progress_in, shown_of
from procession.model.agent import summary
from procession.model.event import (
    Adopted,
    AgentSaid,
    Ended,
    Event,
    Exited,
    Notified,
    Orphaned,
    Ready,
    Requeued,
    Resumed,
    Retrying,
    Started,
    Starting,
    Stopping,
    Suspended,
    Waiting,
)
from procession.model.progress import Progress
from procession.model.state import State, check_transition
from procession.model.units import format_duration
from procession.model.view import NOTHING_SAID

if TYPE_CHECKING:
    from procession.model.view import TaskView


def fold(view: TaskView, event: Event) -> TaskView:  # noqa: C901, PLR0911, PLR0912 - the table it is
    """Give the view after ``event``. Raises: InvalidTransition: when the state table does not allow it."""
    match event:
        case Waiting():
            return replace(view, waiting=event.reason)
        case Starting():
            return _moved(view, State.STARTING, waiting=None, last_line=None, orphaned=False, **NOTHING_SAID)
        case Started():
            return _moved(view, State.RUNNING, pid=event.pid, started_at=event.at)
        case Suspended():
            return _unless_stopping(view, State.SUSPENDED)
        case Resumed():
            return replace(_unless_stopping(view, State.RUNNING), waiting=None)
        case Stopping():
            return _moved(view, State.STOPPING)
        case Retrying():
            return _requeued(view, event)
        case Requeued():
            return _moved(view, State.QUEUED, waiting="waiting: it was not started yet", pid=None, started_at=None)
        case Exited():
            return replace(view, ended_at=event.at)
        case Ready():
            return replace(view, ready=True)
        case Notified():
            return replace(view, progress=_progress(view, event), **shown_of(event.fields))
        case AgentSaid():
            return replace(view, agent=event.agent, status=view.status or summary(event.agent))
        case Orphaned():
            return replace(view, orphaned=True)
        case Adopted():
            return replace(view, orphaned=event.orphaned)
        case Ended():
            ended_at = view.ended_at or event.at
            return _moved(view, State.ENDED, outcome=event.outcome, ended_at=ended_at, waiting=None)
        case _:
            return view


def _progress(view: TaskView, event: Notified) -> Progress | None:
    """Give what it reports; without a word about one part of it, that stays as it was."""
    reported = progress_in(event.fields)
    if reported is None:
        return view.progress
    before = view.progress if view.progress is not None and view.progress.source == "report" else None
    fraction, phase = reported
    return Progress(
        source="report",
        fraction=fraction if fraction is not None or before is None else before.fraction,
        phase=phase if phase is not None or before is None else before.phase,
        changed_at=event.at,
    )


def _moved(view: TaskView, state: State, **changes: Any) -> TaskView:
    """Change state by the table; a state that is there already is no move."""
    if view.state is not state:
        check_transition(view.state, state)
    return replace(view, state=state, **changes)


def _unless_stopping(view: TaskView, state: State) -> TaskView:
    """A tree that is being stopped may be paused or continued on the way; it stays *stopping*."""
    return view if view.state is State.STOPPING else _moved(view, state)


def _requeued(view: TaskView, event: Retrying) -> TaskView:
    attempt = view.attempt + 1
    when = f" in {format_duration(event.delay_s)}" if event.delay_s else ""
    cause = event.outcome.message or event.outcome.kind.value
    how = f", from checkpoint {event.resumes}" if event.resumes else f", anew ({event.anew})" if event.anew else ""
    return _moved(
        view,
        State.QUEUED,
        attempt=attempt,
        waiting=f"waiting: attempt {attempt}{when}{how}, after: {cause}",
        pid=None,
        started_at=None,
        ended_at=None,
        outcome=None,
        **NOTHING_SAID,
    )
