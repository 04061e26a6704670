"""What is to be written with the next commit, ready as rows, checkpoints apart. It stays when a commit fails."""

from __future__ import annotations

from procession.model.checkpoint import Checkpoint
from procession.store.rows import Row


class Pending:
    """Only the last word about each task and attempt is kept; every event is.

    replaced: tasks, and up to when their samples are. forgotten: tasks to be removed, and up to which seq their events
    belong to them: a new one may have their id.
    """

    def __init__(self) -> None:
        self.forgotten: dict[str, int] = {}
        self.contexts: dict[bytes, bytes] = {}
        self.new_tasks: dict[int, Row] = {}
        self.new_standings: dict[int, Row] = {}
        self.tasks: dict[int, Row] = {}
        self.standings: dict[int, Row] = {}
        self.attempts: dict[int, Row] = {}
        self.events: list[tuple[int, str | None, bytes]] = []
        self.replies: dict[bytes, bytes] = {}
        self.samples: list[tuple[str, float, bytes]] = []
        self.replaced: list[tuple[str, float]] = []
        self.footprints: dict[str, tuple[str, float, bytes]] = {}
        self.checkpoints: dict[str, dict[int, Checkpoint]] = {}
        self.checkpoints_kept: dict[str, int] = {}

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(
            self.events
            or self.standings
            or self.new_tasks
            or self.tasks
            or self.attempts
            or self.replies
            or self.samples
            or self.replaced
            or self.footprints
            or self.checkpoints
            or self.forgotten
        )

    def drop(self, id: str, number: int | None) -> None:  # noqa: A002 - the field's own name
        """Take back what was to be written about a task that is to be forgotten."""
        if number is not None:
            for rows in (self.new_tasks, self.new_standings, self.tasks, self.standings):
                rows.pop(number, None)
        for key in [key for key, row in self.attempts.items() if row[1] == id]:
            del self.attempts[key]
        self.checkpoints.pop(id, None)
        self.checkpoints_kept.pop(id, None)
        self.samples = [each for each in self.samples if each[0] != id]
