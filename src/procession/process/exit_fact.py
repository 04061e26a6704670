"""An exit as a keeper tells it, in the words of the model."""

from __future__ import annotations

from procession.model.outcome import Usage
from procession.model.record import ExitFact
from procession.wire.exits import Exit


def exit_fact(told: Exit) -> ExitFact:
    """Say in our words what a keeper tells of an exit."""
    peak = told.max_rss_kb * 1024 or None
    usage = Usage(user_s=told.user_s, system_s=told.system_s, max_rss_bytes=peak)
    return ExitFact(status=told.status, at=told.at, usage=usage)
