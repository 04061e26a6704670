"""Recording while logs grow: noting what arrived when, keeping bounds, seeing a full disk. One recorder per event loop.

It works by callbacks: no task, two timers and one inotify descriptor for all logs of all processes. A silent log costs
nothing. One that was looked at rests, the longer the more of them there are; what is written meanwhile is found at the
end of the rest. It only looks at the files, so whatever goes wrong here, the child goes on writing; nothing raises.
Not here: what a look does (``recorded_log``). The figures: docs/design/logs.md.
"""

import asyncio
import contextlib
import heapq
import math
import os
from collections.abc import Callable, Mapping
from itertools import count
from typing import Final

from procession.streams.disk import LogFact, free_bytes
from procession.streams.log import LogFile
from procession.streams.note import ArrivalNote
from procession.streams.recorded_log import RecordedLog
from procession.streams.watch import Watch

REST_S: Final = 0.01
"""Two notes of one log are this far apart at least: a flood costs 100 notes a second, a first word none of it."""

FIRST_REST_S: Final = 0.005
"""So long a new log is not watched: to begin and end a watch costs more than many a job."""

SHARE_S: Final = 0.001
"""The same, for each log that rests: all together make 1,000 notes a second, which is a second of CPU per minute."""

BOUND_REST_S: Final = 0.005
"""A note can wait, a bound cannot: a fast child writes 30 MB in 10 ms."""

BOUND_SHARE_S: Final = 0.00005
"""And this much longer for each log that rests."""

FAST_BYTES_PER_S: Final = 1 << 18
"""A bounded log that grows faster is looked at all the time, without a watch, which would cost its writer CPU."""

UNWATCHED_REST_S: Final = 0.25
"""What cannot be watched is looked at this often."""

LOOK_S: Final = 5.0
"""How often the room is looked at while nothing arrives: a child that cannot write causes no event."""

LOOK_WHEN_FULL_S: Final = 1.0
"""The same while there is none: nor does room that comes back."""

_recorders: "dict[asyncio.AbstractEventLoop, _Recorder]" = {}


class Recording:
    """The logs of one process under recording, by stream number, from now on until it is closed.

    ``on_fact`` hears once of each episode of a full disk and once of its end; it must not raise. What cannot be watched
    (the user has no inotify instances or watches left) is looked at all the time instead.
    """

    def __init__(
        self,
        logs: Mapping[int, LogFile],
        note: ArrivalNote,
        on_fact: Callable[[LogFact], object] = lambda _: None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self._recorder = _recorders.get(loop) or _recorders.setdefault(loop, _Recorder(loop))
        self._logs = tuple(_Scheduled(stream, log, note, on_fact, self._recorder) for stream, log in logs.items())
        for each in self._logs:
            self._recorder.add(each)

    def close(self) -> None:
        """Note what was written until now, and look no more. May be called again."""
        logs, self._logs = self._logs, ()
        for each in logs:
            self._recorder.remove(each)


class _Scheduled(RecordedLog):
    """What the recorder knows of a log besides. ``watch`` is None while it is looked at after each rest."""

    __slots__ = ("device", "has_changed", "is_closed", "is_fast", "is_resting", "recorder", "watch")

    def __init__(
        self,
        stream: int,
        log: LogFile,
        note: ArrivalNote,
        on_fact: Callable[[LogFact], object],
        recorder: "_Recorder",
    ) -> None:
        super().__init__(stream, log, note, on_fact)
        self.recorder = recorder
        self.device = os.fstat(log.fd).st_dev
        self.watch: Watch | None = None
        self.has_changed = self.is_resting = self.is_fast = self.is_closed = False

    def hear(self) -> None:
        self.recorder.hear(self)

    def grows_fast(self, grown_bytes: int, resting_s: float) -> bool:
        """Whether it needs no watch: it grew while it rested, so looking after each rest is cheaper for all."""
        # Between two rests of a bounded log without a watch, it could grow without a bound.
        least_bytes = 0 if self.log.limit_bytes is None else FAST_BYTES_PER_S * resting_s
        return grown_bytes > least_bytes

    def rest_s(self, resting: int) -> float:
        """How long it rests when so many do."""
        if self.is_fast and self.log.limit_bytes is not None:
            return max(BOUND_REST_S, resting * BOUND_SHARE_S)
        is_unwatched = self.watch is None and not self.is_fast
        return max(UNWATCHED_REST_S if is_unwatched else REST_S, resting * SHARE_S)


class _Filesystem:
    """A filesystem, and the logs on it."""

    __slots__ = ("_free_bytes", "_looked_at", "logs")

    def __init__(self) -> None:
        self.logs: set[_Scheduled] = set()
        self._free_bytes, self._looked_at = 1, 0.0

    def free_bytes(self, now: float) -> int:
        """Return how much room there is; asked once per rest, however many logs ask."""
        if now - self._looked_at >= REST_S:
            self._free_bytes, self._looked_at = free_bytes(next(iter(self.logs)).log.fd), now
        return self._free_bytes


class _Recorder:
    """Decides when each log is looked at."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._filesystems: dict[int, _Filesystem] = {}
        self._resting: list[tuple[float, int, _Scheduled]] = []
        self._order = count()
        self._troubled: set[_Scheduled] = set()
        self._notes_used: set[ArrivalNote] = set()
        self._notes_used_before: set[ArrivalNote] = set()
        self._rest_timer: asyncio.TimerHandle | None = None
        self._room_timer = loop.call_later(LOOK_S, self._look_at_rooms)

    def add(self, log: _Scheduled) -> None:
        """Look at it from soon on: a job that ends at once needs no watch, and the last look finds what it wrote."""
        self._filesystems.setdefault(log.device, _Filesystem()).logs.add(log)
        self._rest(log, FIRST_REST_S)

    def remove(self, log: _Scheduled) -> None:
        """Look a last time."""
        log.is_closed = True
        if log.watch is not None:
            log.watch.close()
        now = self._loop.time()
        log.look(now, self._filesystems[log.device].free_bytes(now))
        for each in (self._troubled, self._filesystems[log.device].logs):
            each.discard(log)
        for notes in (self._notes_used, self._notes_used_before):
            notes.discard(log.note)
        if not self._filesystems[log.device].logs:
            del self._filesystems[log.device]
        if not self._filesystems:
            self._close()

    def hear(self, log: _Scheduled) -> None:
        """It was written to: look now, or after its rest; a bound does not wait for that."""
        if log.is_resting:
            log.has_changed = True
            log.keep_bound()
        else:
            self._look(log, self._loop.time())

    def _look(self, log: _Scheduled, now: float, *, was_resting: bool = False) -> None:
        if log.is_closed:
            return
        end_before, resting_s = log.end, max(now - log.looked_at, REST_S)
        log.has_changed = False
        try:
            log.look(now, self._filesystems[log.device].free_bytes(now))
        finally:
            if not log.is_closed:  # who was told a fact may have closed it
                log.is_fast = was_resting and log.grows_fast(log.end - end_before, resting_s)
                self._settle(log)

    def _settle(self, log: _Scheduled) -> None:
        self._watch(log)
        self._rest(log, log.rest_s(len(self._resting)))
        self._notes_used.add(log.note)
        if log.is_troubled:
            self._add_troubled(log)
        else:
            self._troubled.discard(log)

    def _watch(self, log: _Scheduled) -> None:
        if log.is_fast and log.watch is not None:
            log.watch.close()
            log.watch = None
        elif log.watch is None and not log.is_fast:
            with contextlib.suppress(OSError):
                log.watch = Watch.of_file(log.log.fd, log.hear)
            log.has_changed = True  # perhaps before it was watched

    def _rest(self, log: _Scheduled, rest_s: float) -> None:
        # In steps, so that many logs become due together: a wake-up costs more than a look.
        step_s = BOUND_REST_S / 2 if rest_s < REST_S else REST_S
        while step_s * 8 <= rest_s:
            step_s *= 2
        until = math.ceil((self._loop.time() + rest_s) / step_s) * step_s
        log.is_resting = True
        heapq.heappush(self._resting, (until, next(self._order), log))
        if self._rest_timer is None or until < self._rest_timer.when():
            self._set_rest_timer()

    def _set_rest_timer(self) -> None:
        if self._rest_timer is not None:
            self._rest_timer.cancel()
        self._rest_timer = self._loop.call_at(self._resting[0][0], self._end_rests) if self._resting else None

    def _end_rests(self) -> None:
        now = self._loop.time()
        rested = []
        # A timer may fire a moment early.
        while self._resting and self._resting[0][0] <= now + BOUND_REST_S / 4:
            rested.append(heapq.heappop(self._resting)[2])
        self._set_rest_timer()
        for log in rested:
            log.is_resting = False
            if log.has_changed or log.watch is None:
                self._look(log, now, was_resting=True)

    def _add_troubled(self, log: _Scheduled) -> None:
        if not self._troubled:
            self._room_timer.cancel()
            self._room_timer = self._loop.call_later(LOOK_WHEN_FULL_S, self._look_at_rooms)
        self._troubled.add(log)

    def _look_at_rooms(self) -> None:
        now = self._loop.time()
        self._room_timer = self._loop.call_later(LOOK_WHEN_FULL_S if self._troubled else LOOK_S, self._look_at_rooms)
        self._put_notes_away()
        to_look_at = set(self._troubled)
        for filesystem in self._filesystems.values():
            if filesystem.free_bytes(now) == 0:
                to_look_at |= filesystem.logs
        for log in to_look_at:
            self.hear(log)

    def _put_notes_away(self) -> None:
        # A descriptor for each log that is not silent is enough.
        for note in self._notes_used_before - self._notes_used:
            note.close()
        self._notes_used_before, self._notes_used = self._notes_used, set()

    def _close(self) -> None:
        del _recorders[self._loop]
        self._room_timer.cancel()
        if self._rest_timer is not None:
            self._rest_timer.cancel()
