"""In which order tasks that may start do: priority first, then age."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from procession.model.task import Task

Rank = tuple[int, int]


def rank(task: Task, number: int) -> Rank:
    """Give a sort key, smallest first; ``number`` counts submissions. A retry keeps its place in the order of age."""
    return (-task.priority, number)
