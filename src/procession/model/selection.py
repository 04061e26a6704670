"""A selection of tasks: by ids, names and globs, by group, or all. Every verb takes the same one.

Not here: what is done to the selected.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase

from msgspec import Struct

from procession.errors import UnknownTask, UsageError
from procession.model.view import TaskView


class Selection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tasks that one of ``words`` (an id, a name or a glob) or one of ``groups`` names; ``all`` is every task."""

    words: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    all: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether it names nothing at all."""
        return not (self.words or self.groups or self.all)


EVERYTHING = Selection(all=True)


def is_glob(word: str) -> bool:
    """Whether a word is a pattern, not a name. No id or name has these characters."""
    return any(each in word for each in "*?[")


def does_word_name(word: str, *names: str) -> bool:
    """Whether ``word`` is one of ``names``, or a glob that fits one."""
    return word in names or (is_glob(word) and any(fnmatchcase(each, word) for each in names))


def select(selection: Selection, views: Iterable[TaskView]) -> list[TaskView]:
    """Give what is selected, in the order of ``views``.

    Raises: UnknownTask: a word or group names nothing. UsageError: nothing was asked for.
    """
    if selection.is_empty:
        raise UsageError("no task was named", hint="name tasks, a group, or all of them")
    candidates = list(views)
    if selection.all:
        return candidates
    missing_words, missing_groups = set(selection.words), set(selection.groups)
    chosen = []
    for view in candidates:
        words = {word for word in selection.words if does_word_name(word, view.id, view.name)}
        if words or view.group in selection.groups:
            chosen.append(view)
        missing_words -= words
        missing_groups.discard(view.group or "")
    for word in (*selection.words, *selection.groups):
        if word in missing_words or word in missing_groups:
            raise UnknownTask(word, hint=_suggestion(word, candidates))
    return chosen


def _suggestion(word: str, views: list[TaskView]) -> str:
    close = get_close_matches(word, [view.id for view in views], 1)
    return f"did you mean {close[0]!r}?" if close else ""
