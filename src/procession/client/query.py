"""The part of an address after the question mark. Not here: what is selected (``model.selection``)."""

from __future__ import annotations

from urllib.parse import urlencode

from procession.model.selection import Selection


def query(*pairs: tuple[str, object]) -> str:
    """Write a query; what is None is left out. Gives nothing, or what begins with ``?``."""
    written = urlencode([(name, _word(value)) for name, value in pairs if value is not None])
    return f"?{written}" if written else ""


def selected(selection: Selection) -> list[tuple[str, object]]:
    """Give a selection as parts of a query."""
    pairs: list[tuple[str, object]] = [("word", word) for word in selection.words]
    pairs += [("group", group) for group in selection.groups]
    return [*pairs, ("all", True)] if selection.all else pairs


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
