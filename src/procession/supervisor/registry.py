"""All tasks by id, who waits for whom, and how many are still under way."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from procession.errors import InvalidTask, UnknownTask
from procession.model.circle import find_circle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from procession.model.task import Task
    from procession.supervisor.entry import Entry


class Registry:
    """Entries by id, in the order of submission. Ended tasks stay."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._dependents: dict[str, list[Entry]] = {}
        self._generated = 0

    def __iter__(self) -> Iterator[Entry]:
        """Give entries in the order of submission."""
        return iter(tuple(self._entries.values()))

    def __len__(self) -> int:
        """Count all tasks ever accepted."""
        return len(self._entries)

    def get(self, id: str) -> Entry:  # noqa: A002 - the field's own name
        """Find a task. Raises: UnknownTask."""
        try:
            return self._entries[id]
        except (KeyError, TypeError):
            close = difflib.get_close_matches(str(id), self._entries, n=1)
            raise UnknownTask(id, hint=f"did you mean {close[0]!r}?" if close else "") from None

    def add(self, entry: Entry) -> None:
        """Keep a task that was checked."""
        self._entries[entry.id] = entry
        for dependency in entry.task.after:
            self._dependents.setdefault(dependency.task, []).append(entry)

    def dependents(self, entry: Entry) -> list[Entry]:
        """Give who waits for ``entry``."""
        return self._dependents.get(entry.id, [])

    def name_all(self, tasks: Sequence[Task]) -> list[tuple[str, Task]]:
        """Give each task of a batch its id, and check the batch as a whole. Raises: InvalidTask."""
        taken: dict[str, Task] = {}
        for task in tasks:
            if task.name is not None and (task.name in self._entries or task.name in taken):
                raise InvalidTask("name", f"is taken: {task.name!r}", hint="names are ids: each is given once")
            if task.name is not None:
                taken[task.name] = task
        self._check_dependencies(tasks, taken)
        return [(task.name or self._new_id(taken), task) for task in tasks]

    def _new_id(self, taken: Mapping[str, Task]) -> str:
        while True:
            self._generated += 1
            candidate = f"t{self._generated}"
            if candidate not in self._entries and candidate not in taken:
                return candidate

    def _check_dependencies(self, tasks: Sequence[Task], batch: Mapping[str, Task]) -> None:
        for task in tasks:
            for dependency in task.after:
                if dependency.task not in batch and dependency.task not in self._entries:
                    raise InvalidTask("after", f"names no task that is known: {dependency.task!r}")
        circle = find_circle({name: [each.task for each in task.after] for name, task in batch.items()})
        if circle:
            raise InvalidTask("after", f"goes in a circle: {' waits for '.join(circle)}")
