"""Selections as they come: in the body of a verb, or spelled out in a query."""

from __future__ import annotations

from msgspec import Struct

from procession.model.selection import EVERYTHING, Selection


class SelectQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``word`` and ``group`` may be given several times; none of both means every task."""

    word: tuple[str, ...] = ()
    group: tuple[str, ...] = ()

    def selection(self) -> Selection:
        """Give what it selects."""
        return Selection(words=self.word, groups=self.group) if self.word or self.group else EVERYTHING


class Select(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a verb that needs nothing but to know which tasks."""

    select: Selection
