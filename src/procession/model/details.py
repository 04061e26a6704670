"""All that is known of one task: what is shown of it, its attempts, and where its output lies."""

from __future__ import annotations

from msgspec import Struct

from procession.model.record import AttemptRecord
from procession.model.view import TaskView


class TaskDetails(Struct, frozen=True, kw_only=True):
    """``logs`` are paths by stream, ``stdout`` and ``stderr`` (one alone where both are one file or a terminal).

    note: the path of the arrival note beside them, None where nothing was noted.
    """

    task: TaskView
    attempts: tuple[AttemptRecord, ...] = ()
    logs: dict[str, str] = {}
    note: str | None = None
