"""Recording while the logs of a process grow: noting what arrived when, keeping the bound, seeing a full disk.

It only looks at the files, so whatever goes wrong here, the child goes on writing. Nothing raises out of it but
cancellation and the lack of inotify. Not here: the note's format (``note``), the cutting (``log``).
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Final

from procession.streams.disk import LogFact, LogNotBounded, RoomWatch
from procession.streams.log import Cut, LogFile
from procession.streams.note import ArrivalNote
from procession.streams.watch import wake_when, watch_file

REST_S: Final = 0.01
"""Two notes of one log are this far apart at least: a flood costs 100 notes a second, a first word none of it."""

LOOK_S: Final = 5.0
"""How often the room is looked at while nothing arrives: a child that cannot write causes no event."""

LOOK_WHEN_FULL_S: Final = 1.0
"""The same while there is none: nor does room that comes back."""

_MOST_GROWTH_BYTES: Final = 1 << 23
"""Punching 8 MiB holds up the loop for about 2 ms; an eighth of a large limit would make it 100."""


async def record_arrivals(
    logs: Mapping[int, LogFile],
    note: ArrivalNote,
    *,
    done: asyncio.Event | None = None,
    on_fact: Callable[[LogFact], object] = lambda _: None,
) -> None:
    """Note every growth of ``logs`` (by stream number) and keep their bounds until ``done`` is set, or cancelled.

    What was written before ``done`` was set is noted. ``on_fact`` hears once of each episode of a full disk and once
    of its end; it must not raise. Raises :class:`OSError` only if the files cannot be watched at all.
    """
    wake = asyncio.Event()
    recorders = [_Recorder(stream, log, note, on_fact) for stream, log in logs.items()]
    with contextlib.ExitStack() as watches:
        for log in logs.values():
            watches.enter_context(watch_file(log.fd, wake))
        async with wake_when(done, wake):
            while True:
                wake.clear()
                is_last = done is not None and done.is_set()
                for recorder in recorders:
                    recorder.look()
                if is_last:
                    return
                # The rest comes first, so that after a quiet time the very first byte is noted at once.
                await _rest(recorders, wake, done)
                await _wait(wake, LOOK_WHEN_FULL_S if any(each.is_full for each in recorders) else LOOK_S)


async def _rest(recorders: "list[_Recorder]", wake: asyncio.Event, done: asyncio.Event | None) -> None:
    # A note can wait for 10 ms, a bound cannot: a fast child writes 30 MB meanwhile.
    heard = False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(REST_S):
            while done is None or not done.is_set():
                await wake.wait()
                wake.clear()
                heard = True
                for recorder in recorders:
                    recorder.keep_bound()
    if heard:
        wake.set()


async def _wait(wake: asyncio.Event, longest_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(longest_s):
            await wake.wait()


class _Recorder:
    """One log: what of it was noted, and how far its bound was kept."""

    def __init__(self, stream: int, log: LogFile, note: ArrivalNote, on_fact: Callable[[LogFact], object]) -> None:
        self._stream, self._log, self._note = stream, log, note
        self._room = RoomWatch(log.path, on_fact)
        self._noted_end = 0
        self._bounded_end = 0
        self._cuts_to_note: list[Cut] = []
        if not log.can_cut:
            on_fact(LogNotBounded(log.path))

    @property
    def is_full(self) -> bool:
        return self._room.is_full

    def look(self) -> None:
        """Note what has grown, keep the bound, look at the room: what fails is tried again at the next look."""
        end = self._log.size()
        error = self._attempt(lambda: self._note_growth(end))
        error = self.keep_bound() or error
        self._room.look(self._log.fd, error)

    def keep_bound(self) -> OSError | None:
        """Cut the log if it has grown by an eighth of its limit since the last time; return what went wrong."""
        limit = self._log.limit_bytes
        if limit is None:
            return None
        end = self._log.size()
        if end - self._bounded_end < min(max(limit // 8, 1), _MOST_GROWTH_BYTES):
            return None
        self._bounded_end = end
        return self._attempt(lambda: self._log.enforce(self._note_cut))

    def _note_growth(self, end: int) -> None:
        self._note_cuts()
        if end != self._noted_end:
            self._note.record(self._stream, end)
            self._noted_end = end

    def _note_cut(self, cut: Cut) -> None:
        # A full disk must not keep the log from being cut, which is what helps; the note catches up.
        self._cuts_to_note.append(cut)
        self._attempt(self._note_cuts)

    def _note_cuts(self) -> None:
        while self._cuts_to_note:
            self._note.record_cut(self._stream, self._cuts_to_note[0])
            del self._cuts_to_note[0]

    @staticmethod
    def _attempt(action: Callable[[], object]) -> OSError | None:
        try:
            action()
        except OSError as error:
            return error
        return None
