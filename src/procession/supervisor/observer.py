"""OBSERVES: looks at all attempts that run, with one timer, and tells what it sees. It never acts.

Every second what they have printed is read (of who is silent, every five), every ten seconds (sooner while a tree grows
towards its limit) what all of them use is sampled in one pass, every thirty each is judged. Nothing runs while no task
does. How long the timer itself was held up does not count for anybody: then we were suspended, not they.
Not here: what is judged (`checkup`), what is done about it (`reacting`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from procession.kernel.machine_memory import total_memory_bytes
from procession.kernel.process_table import Root
from procession.model.monitoring import NO_SETTINGS
from procession.model.state import State
from procession.monitor.resources.gpu import find_gpus
from procession.monitor.resources.sampler import TreeSampler
from procession.policy.admission import Use
from procession.policy.memory import LONGEST_TICK_S, next_tick_s
from procession.process.snapshot import tokens_of
from procession.supervisor.checkup import look_at_life, look_at_memory
from procession.supervisor.observed import Observed, WatchingTime

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from procession.model.event import Event
    from procession.model.monitoring import Monitoring
    from procession.model.monitoring_rules import MonitoringRules
    from procession.model.task import Task
    from procession.model.usage import TreeUsage
    from procession.supervisor.clock import Clock, Timer
    from procession.supervisor.entry import Entry
    from procession.supervisor.ledger import Ledger

TICK_S: Final = 1.0
SAMPLE_S: Final = LONGEST_TICK_S
_FIRST_SAMPLE_S: Final = 0.5
_LEAST_PAUSE_S: Final = 2.0
"""A new task is sampled soon, so that there is something to compare with; many new ones are sampled together."""

_THIN_EVERY: Final = 60
_SHARES: Final = 5
"""Who has been silent for long is looked at in every so many ticks, a share of them in each."""


class Sampler(Protocol):
    """Says what all trees use."""

    pids: dict[str, tuple[int, ...]]

    def sample(self, roots: Mapping[str, Root], at: float, now_s: float) -> dict[str, TreeUsage]:
        """Give what each uses; one of which nothing lives is not in it."""

    def peek(self, roots: Mapping[str, Root], now_s: float) -> dict[str, Use]:
        """Give of each no more than a policy of admission wants to know; may be called often."""

    def forget(self, key: str) -> None:
        """Let go of what is kept of a tree that has ended."""

    def pss_bytes(self, key: str) -> int | None:
        """Give its memory with what is shared divided; slow."""

    def close(self) -> None:
        """Let go of what that needs."""


class Observer:
    """Watches attempts from their start to their end; ``tell`` takes what is seen of a task."""

    def __init__(
        self,
        clock: Clock,
        rules: MonitoringRules,
        ledger: Ledger,
        tell: Callable[[Entry, Event], None],
        sampler: Sampler | None = None,
    ) -> None:
        self._clock = clock
        self._rules = rules
        self._ledger = ledger
        self._tell = tell
        self._given = sampler
        self._sampler: Sampler | None = None
        self._watched: dict[str, Entry] = {}
        self._timer: Timer | None = None
        self._ticked_at_s = 0.0
        self._sample_at_s = 0.0
        self._sampled_at_s = -_LEAST_PAUSE_S
        self._samples = self._ticks = 0
        self._watching = WatchingTime()
        self._of_groups: dict[str | None, Monitoring] = {}
        self._total_bytes = total_memory_bytes()
        self.on_samples: Callable[[Mapping[str, Use]], None] = lambda _: None
        """Called with what all use, whenever that was sampled."""

    def begin(self, entry: Entry) -> None:
        """Watch the attempt that has just started, or been taken over."""
        entry.observed = Observed(
            entry.task,
            self._settings_of(entry.task),
            self._total_bytes,
            entry.log_offsets,
            clock=self._clock,
            watching=self._watching,
        )
        if entry.view.state is State.SUSPENDED:
            entry.observed.pause()
        self._watched[entry.id] = entry
        now_s = self._clock.monotonic()
        if self._timer is None:
            self._ticked_at_s = now_s
            self._sample_at_s = now_s + SAMPLE_S
            self._arm()
        soon_s = max(now_s + _FIRST_SAMPLE_S, self._sampled_at_s + _LEAST_PAUSE_S)
        self._sample_at_s = min(self._sample_at_s, soon_s)

    def end(self, entry: Entry, *, success: bool) -> None:
        """Watch it no more; what was seen of it stays to be shown."""
        self._watched.pop(entry.id, None)
        if self._sampler is not None:
            self._sampler.forget(entry.id)
        if entry.observed is not None:
            entry.observed.end(success=success)

    def pss_bytes(self, id_: str) -> int | None:
        """Give the memory of a tree with what is shared divided among those who share it; None: nobody looked yet."""
        return None if self._sampler is None else self._sampler.pss_bytes(id_)

    def peek(self, now_s: float) -> Mapping[str, Use]:
        """Look at what all use, for whoever wants to know between our own looks."""
        uses = self._ready_sampler().peek(self._roots(), now_s)
        return {key: self._use(key, use.memory_bytes, use.cpus) for key, use in uses.items()}

    def _use(self, key: str, memory_bytes: int, cpus: float | None) -> Use:
        return Use(memory_bytes, cpus, self._fraction(key))

    def _fraction(self, key: str) -> float | None:
        seen = self._watched[key].observed
        progress = None if seen is None else seen.progress
        return None if progress is None else progress.fraction

    def close(self) -> None:
        """Watch nobody any more."""
        self._watched.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._sampler is not None:
            self._sampler.close()
            self._sampler = None

    def _settings_of(self, task: Task) -> Monitoring:
        if task.monitoring != NO_SETTINGS:
            return self._rules.of(task.monitoring, task.group)
        known = self._of_groups.get(task.group)
        if known is None:
            known = self._of_groups[task.group] = self._rules.of(NO_SETTINGS, task.group)
        return known

    def _arm(self) -> None:
        self._timer = self._clock.call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        try:
            self._look_at_all(self._clock.monotonic(), self._clock.time())
        finally:  # whatever goes wrong in one look, there is another one
            self._timer = None
            if self._watched:
                self._arm()

    def _look_at_all(self, now_s: float, at: float) -> None:
        self._watching.now_s += min(max(now_s - self._ticked_at_s, 0.0), 2 * TICK_S)
        self._ticked_at_s = now_s
        self._ticks += 1
        if now_s >= self._sample_at_s:
            self._sample_at_s = now_s + SAMPLE_S
            self._sample_at_s = now_s + self._sample(now_s, at)
        for entry in tuple(self._watched.values()):
            seen = entry.observed
            if seen is not None and (seen.is_lively or (self._ticks + entry.number) % _SHARES == 0):
                seen.look_at_logs()
                self._look_at(entry, seen, at)

    def _sample(self, now_s: float, at: float) -> float:
        """Look at what all use; give when to look again."""
        self._sampled_at_s = now_s
        self._samples += 1
        soonest_s = SAMPLE_S
        usages = self._ready_sampler().sample(self._roots(), at, now_s)
        for key, usage in usages.items():
            entry = self._watched[key]
            if entry.observed is None:
                continue
            for event in look_at_memory(entry.observed, usage):
                self._tell(entry, event)
            if entry.observed.is_news(usage):
                self._ledger.note_sample(key, usage, thin=(self._samples + entry.number) % _THIN_EVERY == 0)
            soonest_s = min(soonest_s, (entry.observed.settings.stall_after_s or SAMPLE_S) / 2)
            soonest_s = min(soonest_s, next_tick_s(entry.observed.samples, entry.observed.limits))
        self.on_samples({key: self._use(key, each.memory_bytes, each.cpus) for key, each in usages.items()})
        return max(soonest_s, TICK_S)

    def _ready_sampler(self) -> Sampler:
        if self._sampler is None:
            self._sampler = self._given or TreeSampler(tokens_of, find_gpus())
        return self._sampler

    def _roots(self) -> dict[str, Root]:
        return {key: root for key, entry in self._watched.items() if (root := _root_of(entry)) is not None}

    def _look_at(self, entry: Entry, seen: Observed, at: float) -> None:
        if entry.view.state is not State.RUNNING or not seen.is_due:
            return
        pids = self._sampler.pids.get(entry.id, ()) if self._sampler is not None else ()
        for event in look_at_life(seen, pids, at):
            self._tell(entry, event)


def _root_of(entry: Entry) -> Root | None:
    process = entry.attempt.process if entry.attempt else None
    if process is None or entry.view.pid is None:
        return None
    mark = process.tree_mark
    return Root(process.pid, mark.leaf, mark.token)
