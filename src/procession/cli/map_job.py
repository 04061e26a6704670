"""One item of `map` under way: what is run for it, and what it printed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from procession.cli.map_files import STREAMS, LargeFile
from procession.errors import StartFailed
from procession.model.outcome import OutcomeKind
from procession.pool.job import Job
from procession.streams.spill import PIECE_BYTES, Spilled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from procession.cli.map_files import SlotFiles
    from procession.cli.map_results import Place
    from procession.model.command import Command
    from procession.model.item import Item
    from procession.model.item_template import ItemTemplate
    from procession.model.outcome import Outcome
    from procession.model.task import Task
    from procession.pool.job import End
    from procession.streams.spill import Spill

_UNCERTAIN = frozenset({OutcomeKind.UNKNOWN, OutcomeKind.LOST})
"""After such an end nobody knows whether something of it still writes."""


class MapJob(Job):
    """Tells ``on_end`` when it is over; what it printed is in ``pieces`` until then and taken from there once.

    place: the directory where its streams are kept, if they are. outcome, started_at (since the epoch), duration_s:
    known at its end.
    """

    def __init__(
        self,
        item: Item,
        task: Task,
        template: ItemTemplate,
        *,
        spill: Spill,
        files: SlotFiles,
        on_end: Callable[[MapJob], None],
        place: Place | None = None,
    ) -> None:
        """Be about ``item``; ``task`` is what it comes to."""
        super().__init__(task)
        self.item = item
        self.place = place
        self.argv = task.command.argv
        self.outcome: Outcome | None = None
        self.started_at = 0.0
        self.duration_s = 0.0
        self._template = template
        self._on_end = on_end
        self._files = files
        self._large: dict[str, LargeFile] = {}
        self._kept = {stream: Spilled(spill) for stream in STREAMS}

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.outcome is not None and self.outcome.ok

    def begin(self) -> Command:
        """Fill in the slot, let it print into the files of that, and forget what an earlier attempt printed."""
        self._forget()
        command = self.task.command
        if self._template.uses_slot:
            self.argv = self._template.fill(self.item, self.slot)
            command = command.placed(argv=self.argv)
        if self.place is not None:
            return command
        try:
            return self._files.connect(command, self.slot)
        except OSError as error:
            raise StartFailed(f"what it prints cannot be kept: {error.strerror}", command=str(command)) from None

    def leave(self, outcome: Outcome) -> None:
        """Take what it printed out of the files before somebody else prints there."""
        if self.place is not None or not self._files.has(self.slot):
            return
        for stream in STREAMS:
            large = self._files.take(self.slot, stream, self._kept[stream])
            if large is not None:
                self._large[stream] = large
        if outcome.survivors or outcome.kind in _UNCERTAIN:
            self._files.abandon(self.slot)

    def end(self, end: End) -> None:
        """Know how it ended."""
        self.outcome = end.outcome
        self.started_at = end.started_at or time.time()
        self.duration_s = end.outcome.duration_s or 0.0
        self._on_end(self)

    def size_bytes(self) -> int:
        """Say how much its last attempt printed."""
        if self.place is not None:
            return sum(self.place.size_bytes(stream) for stream in STREAMS)
        return sum(self._size_bytes(stream) for stream in STREAMS)

    def pieces(self, stream: str) -> Iterator[bytes]:
        """Give what it printed there, piece by piece; once."""
        if self.place is not None:
            return self.place.pieces(stream, PIECE_BYTES)
        large = self._large.pop(stream, None)
        return self._kept[stream].pieces() if large is None else large.pieces()

    def _size_bytes(self, stream: str) -> int:
        large = self._large.get(stream)
        return self._kept[stream].size_bytes if large is None else large.size_bytes

    def _forget(self) -> None:
        for kept in self._kept.values():
            kept.clear()
        for large in self._large.values():
            large.close()
        self._large.clear()

    def facts(self) -> dict[str, Any]:
        """Say once it is over, what programs want to know."""
        assert self.outcome is not None
        return {
            "seq": self.item.number,
            "item": self.item.text,
            "argv": list(self.argv),
            "ok": self.ok,
            "kind": self.outcome.kind.value,
            "code": self.outcome.code,
            "signal": self.outcome.signal,
            "message": self.outcome.message,
            "started_at": self.started_at,
            "duration_s": self.duration_s,
        }
