"""One look at all processes of the machine, shared by all trees: many exits at one instant cost one look, not many.

A tree that had no living member at some moment after its leader was born has none for ever, since only members make
members. So a look need not be fresh to say that a tree is empty; it only must not be older than the tree.
"""

from __future__ import annotations

import time
from collections import defaultdict

from procession.kernel import proc

COOKIE_VARIABLE = "PROCESSION_TREE"
"""Holds one token per tree that a process is in, outermost first, separated by ``:``."""

_COOKIE_START = COOKIE_VARIABLE.encode() + b"="


class Snapshot:
    """Who lived ``at`` that time (monotonic), by session and by token."""

    def __init__(self) -> None:
        """Look now. Raises: OSError: no descriptor left to look with."""
        self.at = time.monotonic()
        self.by_session: defaultdict[int, list[proc.ProcessStat]] = defaultdict(list)
        self.by_token: defaultdict[str, list[proc.ProcessStat]] = defaultdict(list)
        for stat in proc.scan_stats():
            if not stat.is_gone:
                self.by_session[stat.session].append(stat)
                for token in tokens_of(stat.pid):
                    self.by_token[token].append(stat)


def tokens_of(pid: int) -> list[str]:
    """Give the tokens of the trees that it was born into, as its environment has them."""
    for variable in proc.read_environment(pid):
        if variable.startswith(_COOKIE_START):
            return variable.removeprefix(_COOKIE_START).decode(errors="replace").split(":")
    return []


def look_at_all(*, since: float) -> Snapshot:
    """Give a look that was taken after ``since``: the latest, if that will do. Raises: OSError."""
    if not _latest or _latest[0].at <= since:
        _latest[:] = [Snapshot()]
    return _latest[0]


_latest: list[Snapshot] = []
