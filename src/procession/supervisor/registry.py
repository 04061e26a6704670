"""All tasks by id, who waits for whom, and how many are still under way."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from procession.errors import InvalidTask, UnknownTask
from procession.model.circle import find_circle

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence

    from procession.model.task import Task
    from procession.supervisor.entry import Entry

_LIKE_OURS = re.compile(r"t([1-9][0-9]*)", re.ASCII)

_THOUGHT_OF_BY_SOMEBODY = 10**9
"""We never come so far: an id with such a number is a name, and ours go on below it."""


class Registry:
    """Entries by id, in the order of submission. Ended tasks stay, or are found in the ``archive``.

    highest: the ids in the archive that look like ours end with it; none above it has to be looked for there.
    """

    def __init__(self, archive: Callable[[str], Entry | None] = lambda _: None, highest: int = 0) -> None:
        self._archive = archive
        self._highest = highest
        self._entries: dict[str, Entry] = {}
        self._dependents: dict[str, list[Entry]] = {}
        self._generated = highest if highest < _THOUGHT_OF_BY_SOMEBODY else 0

    def __iter__(self) -> Iterator[Entry]:
        """Give entries in the order of submission."""
        return iter(tuple(self._entries.values()))

    def __len__(self) -> int:
        """Count all tasks ever accepted."""
        return len(self._entries)

    def get(self, id: str) -> Entry:  # noqa: A002 - the field's own name
        """Find a task. Raises: UnknownTask."""
        entry = self.find(id)
        if entry is None:
            close = difflib.get_close_matches(str(id), self._entries, n=1)
            raise UnknownTask(id, hint=f"did you mean {close[0]!r}?" if close else "")
        return entry

    def add(self, entry: Entry) -> None:
        """Keep a task that was checked."""
        if entry.id in self._entries:
            return
        self._entries[entry.id] = entry
        self.note_dependencies(entry)

    def note_dependencies(self, entry: Entry) -> None:
        """Know whom ``entry`` waits for."""
        for dependency in entry.task.after:
            dependents = self._dependents.setdefault(dependency.task, [])
            if entry not in dependents:
                dependents.append(entry)

    def drop(self, entry: Entry) -> None:
        """Hold it no longer; it may still be found."""
        self._entries.pop(entry.id, None)
        self._dependents.pop(entry.id, None)

    def find(self, id: str) -> Entry | None:  # noqa: A002 - the field's own name
        """Find a task; None if there is none."""
        if not isinstance(id, str):
            return None
        return self._entries.get(id) or self._archive(id)

    def live(self, id: str) -> Entry | None:  # noqa: A002 - the field's own name
        """Find a task that is held here; None for one that is only in the archive."""
        return self._entries.get(id)

    def dependents(self, entry: Entry) -> list[Entry]:
        """Give who waits for ``entry``."""
        return self._dependents.get(entry.id, [])

    def name_all(self, tasks: Sequence[Task], free: Container[str] = ()) -> list[tuple[str, Task]]:
        """Give each task of a batch its id, and check the batch as a whole. Raises: InvalidTask.

        free: ids that may be given anew.
        """
        taken: dict[str, Task] = {}
        for task in tasks:
            if task.name is not None and (task.name in taken or self._is_taken(task.name, free)):
                raise InvalidTask("name", f"is taken: {task.name!r}", hint="names are ids: each is given once")
            if task.name is not None:
                taken[task.name] = task
                self._note_name(task.name)
        self._check_dependencies(tasks, taken)
        return [(task.name or self._new_id(taken), task) for task in tasks]

    def _is_taken(self, name: str, free: Container[str]) -> bool:
        return name not in free and self.find(name) is not None

    def check_dependencies_of(self, id: str, changed: Task) -> None:  # noqa: A002 - the field's own name
        """Check what an edited task waits for. Raises: InvalidTask."""
        batch = {entry.id: entry.task for entry in self if not entry.view.is_over} | {id: changed}
        self._check_dependencies([changed], batch)

    def _note_name(self, name: str) -> None:
        """Somebody may give a name that looks like one of ours."""
        like_ours = _LIKE_OURS.fullmatch(name)
        if like_ours:
            self._highest = max(self._highest, int(like_ours[1]))

    def _new_id(self, taken: Mapping[str, Task]) -> str:
        while True:
            self._generated += 1
            candidate = f"t{self._generated}"
            is_new = self._generated > self._highest or self.find(candidate) is None
            if is_new and candidate not in taken:
                return candidate

    def _check_dependencies(self, tasks: Sequence[Task], batch: Mapping[str, Task]) -> None:
        for task in tasks:
            for dependency in task.after:
                if dependency.task not in batch and self.find(dependency.task) is None:
                    raise InvalidTask("after", f"names no task that is known: {dependency.task!r}")
                if dependency.condition == "ready":
                    self._check_can_be_ready(dependency.task, batch)
        circle = find_circle({name: [each.task for each in task.after] for name, task in batch.items()})
        if circle:
            raise InvalidTask("after", f"goes in a circle: {' waits for '.join(circle)}")

    def _check_can_be_ready(self, id: str, batch: Mapping[str, Task]) -> None:  # noqa: A002 - the field's own name
        known = self.find(id)
        upstream = batch.get(id) or (known.task if known else None)
        if upstream is not None and upstream.ready is None:
            hint = f'give {id} one of: ready = "notify", {{ log = … }}, {{ port = … }}, {{ http = … }}, {{ file = … }}'
            raise InvalidTask("after", f"waits until {id} is ready, but that does not say how it becomes so", hint=hint)
