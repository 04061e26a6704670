"""What is known of one attempt while it is watched: its last word, its progress, its rhythm, what it uses.

It takes what comes and is asked what follows; it tells nobody, and acts on nothing. Time is counted in seconds in which
the attempt could run (``active_s``): what it, we or the machine were suspended for is not among them.
Not here: when it is looked at (`observer`).
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from procession.ipc.notices import progress_in
from procession.model.event import MessageReceived, Notified, Resumed, Suspended
from procession.model.health import Liveness
from procession.monitor.growth import GrowingLog
from procession.monitor.progress.json_lines import find_in_object
from procession.monitor.waits import RememberedWait
from procession.policy.liveness import RECENT_S, LivenessJudge
from procession.policy.memory import MemoryLimits
from procession.policy.rhythm import Rhythm
from procession.supervisor.log_tail import log_paths
from procession.supervisor.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from procession.model.event import Event
    from procession.model.health import Health, MemoryLevel
    from procession.model.monitoring import Monitoring
    from procession.model.progress import Progress
    from procession.model.task import Task
    from procession.model.usage import TreeUsage
    from procession.supervisor.clock import Clock

logger = logging.getLogger("procession.task")

_SAMPLES: Final = 12
"""A minute of them, or a dozen of a tree that grows fast: so many a slope needs."""


_SAME_S: Final = 60.0
FED_BYTES: Final = 1 << 18
"""So much that comes through a pipe is read between two looks; to read all of a flood would slow it."""

LIVELY_S: Final = 10.0
"""Who has said a word within so long is looked at in every tick."""


class WatchingTime:
    """The seconds in which we could see anything: how long we ourselves were held up is not among them."""

    def __init__(self) -> None:
        self.now_s = 0.0


class Observed:
    """One attempt of ``task``. ``offsets`` says from where on its logs are those of this attempt."""

    __slots__ = (
        "_argv", "_began_at_s", "_clock", "_fed_at_s", "_fed_bytes", "_held", "_is_deaf", "_kept", "_logs", "_moved_at",
        "_moved_at_s", "_passed_over_bytes", "_paused_at_s", "_watching", "_words", "due_at_s", "health", "judge",
        "limits", "loud_since_s", "memory", "memory_since", "rhythm", "samples", "settings", "stuck_s",
        "tells_sampled", "waits", "word_at_s",
    )  # fmt: skip

    def __init__(
        self,
        task: Task,
        settings: Monitoring,
        total_bytes: int,
        offsets: Mapping[str, int],
        *,
        clock: Clock,
        watching: WatchingTime,
    ) -> None:
        self.settings = settings
        self._watching = watching
        self._began_at_s = watching.now_s
        self._paused_at_s: float | None = None
        self.limits = MemoryLimits.of(settings.memory_high or 0, settings.memory_critical or 0, total_bytes)
        self.word_at_s = 0.0
        self.rhythm = Rhythm()
        self.judge = LivenessJudge()
        self.samples: deque[TreeUsage] = deque(maxlen=_SAMPLES)
        self.memory: MemoryLevel = "ok"
        self.memory_since = 0.0
        self.health: Health | None = None
        self.loud_since_s = 0.0
        self.stuck_s: float | None = None
        self.tells_sampled = False
        self.waits = RememberedWait()
        self.due_at_s = 0.0
        self._argv = task.command.argv
        self._words: Words | None = None
        self._held: dict[str, bytes] = {}
        self._is_deaf = False
        self._fed_at_s = 0.0
        self._fed_bytes = self._passed_over_bytes = 0
        self._kept: TreeUsage | None = None
        self._logs = {path: GrowingLog(path, offsets.get(path, 0)) for path in log_paths(task.command)}
        self._clock = clock
        self._moved_at = clock.time()
        self._moved_at_s = 0.0

    def hear(self, event: Event) -> None:
        """Take what is told of it: a report is a word, and may be one about its progress."""
        if isinstance(event, Suspended):
            self.pause()
        elif isinstance(event, Resumed):
            self._go_on()
        elif isinstance(event, Notified):
            self._note_word()
            reported = progress_in(event.fields)
            if reported is not None:
                self._listen().take_report(*reported, self.active_s)
        elif isinstance(event, MessageReceived):
            self._note_word()
            found = find_in_object(event.message) if isinstance(event.message, dict) else None
            if found is not None and found.percent is not None:
                self._listen().take_report(found.percent / 100, found.label or None, self.active_s)

    def pause(self) -> None:
        """Let no time pass for it, until it is resumed."""
        if self._paused_at_s is None:
            self._paused_at_s = self._watching.now_s

    def _go_on(self) -> None:
        if self._paused_at_s is not None:
            self._began_at_s += self._watching.now_s - self._paused_at_s
            self._paused_at_s = None

    @property
    def active_s(self) -> float:
        """For how long it could run, as far as we saw."""
        now_s = self._watching.now_s if self._paused_at_s is None else self._paused_at_s
        return now_s - self._began_at_s

    @property
    def is_lively(self) -> bool:
        """Whether it is worth looking at every second: it said something lately, or would stall soon."""
        if self.active_s - self.word_at_s < LIVELY_S:
            return True
        return (self.settings.stall_after_s or 0.0) < 2 * RECENT_S

    def hear_output(self, stream: str, data: bytes) -> None:
        """Take what it prints; of a flood only the newest piece is held, until the next look."""
        self._note_word()
        if self._fed_at_s != self.active_s:
            self._fed_at_s, self._fed_bytes = self.active_s, 0
        self._fed_bytes += len(data)
        if self._fed_bytes <= FED_BYTES:
            self._take_output(stream, data)
        else:
            self._passed_over_bytes += len(self._held.get(stream, b""))
            self._held[stream] = data

    def look_at_logs(self) -> None:
        """Take what it has written to its logs since the last time."""
        self._take_what_is_held()
        for path, log in self._logs.items():
            data = log.look()
            if data:
                self._note_word()
                self._take_output(path, data)

    @property
    def skipped_bytes(self) -> int:
        """So much of its output came too fast to be read for its progress."""
        return self._passed_over_bytes + sum(log.skipped_bytes for log in self._logs.values())

    @property
    def progress(self) -> Progress | None:
        """How far it is."""
        self._take_what_is_held()
        value = None if self._words is None else self._words.progress
        if value is None or self._words is None:
            return None
        if self._words.moved_at_s != self._moved_at_s:
            self._moved_at_s = self._words.moved_at_s
            self._moved_at = self._clock.time() - max(self.active_s - self._moved_at_s, 0.0)
        return replace(value, changed_at=self._moved_at)

    @property
    def is_due(self) -> bool:
        """Whether it is to be judged now: its time has come, or it has said a word after long silence."""
        liveness = None if self.health is None else self.health.liveness
        is_silent = liveness is not None and liveness is not Liveness.WORKING
        return self.active_s >= self.due_at_s or (is_silent and self.active_s - self.word_at_s < RECENT_S)

    @property
    def unmoved_s(self) -> float | None:
        """For how long its progress has not moved; None while it shows none."""
        if self._words is None or self._words.progress is None:
            return None
        return self.active_s - self._words.moved_at_s

    @property
    def loop(self) -> str | None:
        """A line of what it prints again and again, for long; None if it does not."""
        return None if self._words is None else self._words.looping.example(self.active_s)

    @property
    def usage(self) -> TreeUsage | None:
        """What it used at the last look."""
        return self.samples[-1] if self.samples else None

    def is_news(self, sample: TreeUsage) -> bool:
        """Whether a sample is worth to be kept: the same as the last one is, once a minute."""
        kept = self._kept
        if kept is not None and sample.at - kept.at < _SAME_S and _figures(kept) == _figures(sample):
            return False
        self._kept = sample
        return True

    def shown(self, *, is_over: bool) -> dict[str, Any]:
        """Give what is shown of it, by the names of its view."""
        is_still = is_over or self._paused_at_s is not None
        shown = {"progress": self.progress, "usage": self.usage, "health": None if is_still else self.health}
        return {name: value for name, value in shown.items() if value is not None}

    def end(self, *, success: bool) -> None:
        """It has ended: look a last time."""
        self.look_at_logs()
        if self._words is not None:
            self._words.end(success=success, at_s=self.active_s)

    def _take_output(self, stream: str, data: bytes) -> None:
        """Whatever goes wrong here, the task goes on, and so does whoever reads what it prints."""
        if self._is_deaf:
            return
        try:
            self._listen().take_output(stream, data, self.active_s, sampled=self.skipped_bytes > 0)
        except Exception:
            self._is_deaf = True
            logger.exception("its progress is not read any further: %s", self._argv[0])

    def _take_what_is_held(self) -> None:
        held, self._held = self._held, {}
        for stream, data in held.items():
            self._take_output(stream, data)

    def _listen(self) -> Words:
        if self._words is None:
            self._words = Words(self._argv, self.settings.progress)
        return self._words

    def _note_word(self) -> None:
        pause_s = self.active_s - self.word_at_s
        if pause_s > 0:
            self.rhythm.take(pause_s)
        self.word_at_s = self.active_s


def _figures(sample: TreeUsage) -> tuple[object, ...]:
    return sample.processes, sample.threads, sample.memory_bytes, sample.cpu_s, sample.moved_bytes, sample.descriptors
