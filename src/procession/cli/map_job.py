"""One item of `map` under way: what is run for it, and what it printed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from procession.pool.job import Job
from procession.streams.spill import PIECE_BYTES, Spilled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from procession.cli.map_results import Place
    from procession.model.command import Command
    from procession.model.item import Item
    from procession.model.item_template import ItemTemplate
    from procession.model.outcome import Outcome
    from procession.model.task import Task
    from procession.pool.job import End
    from procession.streams.spill import Spill

STREAMS = ("stdout", "stderr")


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
        spill: Spill,
        *,
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
        self._kept = {stream: Spilled(spill) for stream in STREAMS}

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.outcome is not None and self.outcome.ok

    def begin(self) -> Command:
        """Fill in the slot, and forget what an earlier attempt printed."""
        for kept in self._kept.values():
            kept.clear()
        if not self._template.uses_slot:
            return self.task.command
        self.argv = self._template.fill(self.item, self.slot)
        return self.task.command.placed(argv=self.argv)

    def take(self, stream: str, data: bytes) -> None:
        """Keep it for its turn."""
        self._kept[stream].append(data)

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
        return sum(kept.size_bytes for kept in self._kept.values())

    def pieces(self, stream: str) -> Iterator[bytes]:
        """Give what it printed there, piece by piece; once."""
        return self._kept[stream].pieces() if self.place is None else self.place.pieces(stream, PIECE_BYTES)

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
