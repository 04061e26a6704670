"""Pausing a tree and letting it run on, by us or by somebody else's signals."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from procession.model.event import Event, Resumed, Suspended
from procession.process.deadline import Deadline
from procession.process.tree import Tree, signal_members


class Suspension:
    """Whether a tree is paused. ``by`` is ``us``, ``outside``, or None while it runs; its time-out pauses with it."""

    def __init__(self, tree: Tree, deadline: Deadline | None, tell: Callable[[Event], None]) -> None:
        """Begin with a tree that runs."""
        self.by: str | None = None
        self._tree = tree
        self._deadline = deadline
        self._tell = tell

    async def begin(self) -> None:
        """Pause the whole tree; return when nothing of it runs."""
        if self.by != "us":
            self._note_suspended("us")
            await self._tree.freeze()

    def end(self) -> None:
        """Let run on what we paused; or all of it, if somebody else stopped it."""
        if self.by == "us":
            self._tree.thaw()
        elif self.by is not None:
            signal_members(self._tree, signal.SIGCONT)
        self.note_resumed("us")

    def hear(self, stopped: bool | None) -> None:  # noqa: FBT001 - the three answers of a leader
        """Take what the leader says of itself: it was stopped (True), continued (False), or neither (None)."""
        if stopped and self.by is None:
            self._note_suspended("outside")
        elif stopped is False and self.by == "outside":
            self.note_resumed("outside")

    def note_resumed(self, by: str) -> None:
        """Know that it runs on."""
        if self.by is None:
            return
        self.by = None
        if self._deadline is not None:
            self._deadline.resume()
        self._tell(Resumed(at=time.time(), by=by))

    def _note_suspended(self, by: str) -> None:
        self.by = by
        if self._deadline is not None:
            self._deadline.pause()
        self._tell(Suspended(at=time.time(), by=by))
