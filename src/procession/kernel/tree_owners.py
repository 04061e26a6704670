"""Which tree a process belongs to: by its parent, the session of a leader, its control group, or its cookie.

Not here: how often that is asked, and what a tree uses (``process_table``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from procession.kernel.files import read_file

_LEAF: Final = re.compile(r"/procession-[^/]+/t\d+(?=/|$)")


class Root(NamedTuple):
    """How the members of a tree are known: the leader, its control group (a path below /sys/fs/cgroup), its cookie.

    born_ticks: when the leader began, in ticks since boot. Without it whoever has the number at the first look is
    taken for the leader, and nobody who has it later.
    """

    leader: int
    leaf: str | None = None
    token: str | None = None
    born_ticks: int | None = None


class Owners:
    """Says which tree a process belongs to, cheapest way first."""

    def __init__(
        self, roots: Mapping[str, Root], led: Iterable[str], tokens_of: Callable[[int], Iterable[str]]
    ) -> None:
        self._leaders = {roots[key].leader: key for key in led}
        self._leaves = {name: key for key, root in roots.items() for name in leaves_in(root.leaf or "")[:1]}
        self._tokens = {root.token: key for key, root in roots.items() if root.token}
        self._tokens_of = tokens_of

    def of(self, pid: int, session: int, above: str | None) -> str | None:
        """Give the key of its tree; ``above`` is that of its parent."""
        key = self._leaders.get(pid) or above or self._leaders.get(session)
        if key is None and self._leaves:
            key = next((self._leaves[each] for each in leaves_in(_group_of(pid)) if each in self._leaves), None)
        if key is None and self._tokens:
            key = next((self._tokens[each] for each in self._tokens_of(pid) if each in self._tokens), None)
        return key


def leaves_in(path: str) -> list[str]:
    """Give the leaves that a control group lies in, the innermost first: a tree may have trees of its own in it. Pure.

    Each is named from the outermost leaf on, since what is above it depends on who looks.
    """
    found = list(_LEAF.finditer(path))
    return [path[found[0].start() : each.end()] for each in reversed(found)]


def _group_of(pid: int) -> str:
    lines = read_file(f"/proc/{pid}/cgroup").decode(errors="replace").splitlines()
    return next((line[3:] for line in lines if line.startswith("0::")), "")
