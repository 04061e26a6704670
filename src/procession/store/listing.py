"""Lists of many tasks: chosen by id, pattern, group and state, in the order of submission.

The unfinished are all in it; of the ended as many of the newest as were asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from procession.model.state import State
from procession.store.codec import decode_text
from procession.store.hostile import check_row
from procession.store.rows import Row, view_of_row

if TYPE_CHECKING:
    from procession.model.view import TaskView
    from procession.store.reader import Reader


class Wanted(NamedTuple):
    """Which tasks: of any of the ids, patterns and groups (all, where none is given), and in one of the states."""

    ids: Collection[str] | None = None
    globs: Collection[str] | None = None
    groups: Collection[str] | None = None
    states: Collection[str] | None = None
    limit: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is said about which."""
        return self.ids is None and self.globs is None and self.groups is None

    def values(self) -> dict[str, Any]:
        """Give what the statements below ask for."""
        states = set(State) if self.states is None else {State(each) for each in self.states}
        limit = -1 if self.limit is None else max(self.limit, 0)
        return {
            "ids": json.dumps(list(self.ids or ())),
            "globs": json.dumps([_bounded(each) for each in self.globs or ()]),
            "groups": json.dumps(list(self.groups or ())),
            "live": json.dumps([each.value for each in states - {State.ENDED}]),
            "ended": limit if State.ENDED in states else 0,
        }


class TaskRow(NamedTuple):
    """One line of a table. ``word`` is how it ended, or why it waits."""

    id: str
    state: str
    attempt: int
    pid: int | None
    started_at: float | None
    ended_at: float | None
    group: str | None
    word: str | None
    command: str


def list_views(reader: Reader, wanted: Wanted) -> list[TaskView]:
    """Give whole views."""
    rows = reader.ask(VIEWS if wanted.is_all else VIEWS_CHOSEN, wanted.values())
    return reader.believe(rows, view_of_row, "task")


def list_rows(reader: Reader, wanted: Wanted) -> list[TaskRow]:
    """Give what a table shows, without looking into any view."""
    rows = reader.ask(ROWS if wanted.is_all else ROWS_CHOSEN, wanted.values())
    return reader.believe(rows, _row, "task")


def _bounded(glob: str) -> tuple[str, str, str]:
    """Give between which ids a pattern can lie, by what it begins with, and the pattern in the words of SQLite."""
    begin = re.split(r"[*?[]", glob, maxsplit=1)[0]
    return begin, begin + "\x7f", glob.replace("[!", "[^")  # ids are ASCII, and hold no control characters


def _row(row: Row) -> TaskRow:
    made = TaskRow(*row)
    check_row(made.id, made.state, made.pid)
    if isinstance(made.word, bytes) or isinstance(made.command, bytes):
        return made._replace(word=decode_text(made.word), command=decode_text(made.command))
    return made


_SHOWN: Final = (
    "WITH shown (number) AS (SELECT * FROM"
    " (SELECT number FROM standing WHERE state = 'ended' ORDER BY number DESC LIMIT :ended)"
    " UNION ALL SELECT number FROM standing WHERE state IN (SELECT value FROM json_each(:live)))"
)
_CHOSEN: Final = (
    "WITH chosen (number) AS ("
    "SELECT number FROM task WHERE id IN (SELECT value FROM json_each(:ids))"
    " UNION SELECT number FROM json_each(:globs) AS glob CROSS JOIN task"
    " ON task.id >= json_extract(glob.value, '$[0]') AND task.id < json_extract(glob.value, '$[1]')"
    " AND task.id GLOB json_extract(glob.value, '$[2]')"
    " UNION SELECT number FROM standing WHERE group_name IN (SELECT value FROM json_each(:groups))),"
    " shown (number) AS (SELECT * FROM"
    " (SELECT number FROM chosen CROSS JOIN standing USING (number) WHERE state = 'ended'"
    " ORDER BY number DESC LIMIT :ended)"
    " UNION ALL SELECT number FROM chosen CROSS JOIN standing USING (number)"
    " WHERE state IN (SELECT value FROM json_each(:live)))"
)
# CROSS JOIN: from left to right, so that each of the chosen is looked up, and nothing else is read.
_VIEW: Final = (
    " SELECT id, state, command, argv, view"
    " FROM shown CROSS JOIN standing USING (number) CROSS JOIN task USING (number) ORDER BY number"
)
_ROW: Final = (
    " SELECT id, state, attempt, pid, started_at, ended_at, group_name, word, command"
    " FROM shown CROSS JOIN standing USING (number) CROSS JOIN task USING (number) ORDER BY number"
)
VIEWS: Final = _SHOWN + _VIEW
VIEWS_CHOSEN: Final = _CHOSEN + _VIEW
ROWS: Final = _SHOWN + _ROW
ROWS_CHOSEN: Final = _CHOSEN + _ROW
