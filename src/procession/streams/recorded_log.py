"""One log under recording: what of it was noted, how far its bound was kept, whether there is room for it.

Whatever fails here is said as a fact and tried again at the next look; nothing raises.
Not here: when to look (``recorder``), the note's format (``note``), the cutting (``log``).
"""

import contextlib
from typing import Final

from procession.streams.disk import LogNotBounded, OnFact, RoomWatch
from procession.streams.log import Cut, LogFile
from procession.streams.note import ArrivalNote

_MOST_GROWTH_BYTES: Final = 1 << 23
"""Punching 8 MiB holds up the loop for about 2 ms; an eighth of a large limit would make it 100."""


class RecordedLog:
    """``end`` is where it ended at the last look, ``looked_at`` the loop's time of that look."""

    __slots__ = (
        "_bounded_end",
        "_cuts_to_note",
        "_is_new",
        "_noted_end",
        "_room",
        "_stream",
        "_tell",
        "end",
        "log",
        "looked_at",
        "note",
    )

    def __init__(self, stream: int, log: LogFile, note: ArrivalNote, on_fact: OnFact) -> None:
        """Record ``log`` under its number in ``note``."""
        self.log, self.note = log, note
        self.end = 0
        self.looked_at = 0.0
        self._stream = stream
        self._room = RoomWatch(log.path, on_fact)
        self._noted_end = self._bounded_end = 0
        self._cuts_to_note: list[Cut] | None = None
        self._tell = on_fact
        self._is_new = True

    @property
    def is_troubled(self) -> bool:
        """Whether the last look failed or there is no room: it needs a look although nothing is written."""
        return self._room.is_troubled

    def look(self, now: float, free_bytes: int) -> None:
        """Note what has grown, keep the bound, judge the room."""
        self.looked_at = now
        if self._is_new and not self.log.can_cut:
            self._tell(LogNotBounded(self.log.path))
        self._is_new = False
        error: OSError | None = None
        try:
            self._note_growth()
        except OSError as failed:
            error = failed
        self._room.look(free_bytes, self.keep_bound() or error)

    def keep_bound(self) -> OSError | None:
        """Cut the log if it has grown by an eighth of its limit since the last time; return what went wrong."""
        limit = self.log.limit_bytes
        if limit is None:
            return None
        try:
            end = self.log.size()
            if end - self._bounded_end >= min(max(limit // 8, 1), _MOST_GROWTH_BYTES):
                self._bounded_end = end
                self.log.enforce(self._note_cut)
        except OSError as error:
            return error
        return None

    def _note_growth(self) -> None:
        if self._cuts_to_note:
            self._note_cuts()
        self.end = end = self.log.size()
        if end != self._noted_end:
            self.note.record(self._stream, end)
            self._noted_end = end

    def _note_cut(self, cut: Cut) -> None:
        # A full disk must not keep the log from being cut, which is what helps; the note catches up.
        self._cuts_to_note = [*(self._cuts_to_note or ()), cut]
        with contextlib.suppress(OSError):
            self._note_cuts()

    def _note_cuts(self) -> None:
        while self._cuts_to_note:
            self.note.record_cut(self._stream, self._cuts_to_note[0])
            del self._cuts_to_note[0]
