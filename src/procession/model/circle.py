"""Circles among things that wait for each other: none of them could ever start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter


def find_circle(waits_for: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Give one circle as ``("a", "b", "a")``: a waits for b, b waits for a. Empty when there is none."""
    try:
        TopologicalSorter(waits_for).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()
