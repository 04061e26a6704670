"""The machine, as a fluid: between two events every task progresses steadily, and its memory changes linearly.

Processors are shared in proportion to what is wanted. Where less than 3 % of memory is free everything gets slower;
where none is, the kernel kills the largest task. Standing still keeps memory. A policy sees through its seam only what
could be measured: memory available, processors used, and at looks what each task uses.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.pool.neighbour import Neighbour
from benchmarks.pool.workload import Job, Workload
from procession.model.machine import Machine
from procession.policy.admission import Act, Newcomer, Queued, Start, Use

_SCARCE = 0.03
_SLOWEST = 0.2
_EPSILON = 1e-9


@dataclass(slots=True)
class Result:
    """How it went. Work is in seconds of one processor."""

    makespan_s: float = 0.0
    finished: int = 0
    unfinished: int = 0
    oom_kills: int = 0
    evictions: int = 0
    suspensions: int = 0
    wasted_s: float = 0.0
    useful_s: float = 0.0
    decisions: int = 0
    deciding_s: float = 0.0
    worst_decision_s: float = 0.0
    looks: int = 0
    looking_s: float = 0.0
    most_live: int = 0
    memory_area: float = 0.0
    cpu_area: float = 0.0

    @property
    def wasted(self) -> float:
        """The share of work that was thrown away."""
        return self.wasted_s / max(self.useful_s, 1.0)


@dataclass(slots=True, eq=False)
class _Running:
    job: Job
    attempt_cpu_s: float = 0.0
    memory: float = 0.0
    done: float = 0.0
    segment: int = 0
    slope: float = 0.0
    until: float = 0.0
    still: bool = False
    looked_at: float = 0.0
    looked_cpu_s: float = 0.0
    was_looked_at: bool = False

    def enter(self, segment: int) -> None:
        """Go on with the next piece of its shape."""
        (begin, low), (end, high) = self.job.shape[segment], self.job.shape[segment + 1]
        seconds = self.job.seconds
        self.segment, self.memory, self.until = segment, low, end * seconds
        self.slope = (high - low) / max((end - begin) * seconds, _EPSILON)


@dataclass(slots=True)
class World:
    """One run of the jobs of ``workload`` under ``policy``. host: what a naive look at the machine shows instead."""

    workload: Workload
    policy: Any
    jobs: Sequence[Job]
    neighbour: Neighbour
    host_memory_bytes: float = 0.0
    host_cores: int = 0
    limit_s: float = math.inf
    most_kills: int = 1 << 60
    time_decisions: bool = True
    now: float = 0.0
    load: float = 0.0
    speed: float = 1.0
    result: Result = field(default_factory=Result)
    live: dict[str, _Running] = field(default_factory=dict)
    waiting: dict[str, list[int]] = field(default_factory=dict)

    def run(self) -> Result:
        """Run it to its end, or to the limit."""
        for job in self.jobs:
            heapq.heappush(self.waiting.setdefault(job.key, []), job.number)
        if hasattr(self.policy, "watch"):
            self.policy.watch(self)
        poll_s = getattr(self.policy, "poll_s", None)
        next_poll = next_look = 0.0
        while (self.live or self.waiting) and self.now < self.limit_s and self._kills <= self.most_kills:
            if self.policy.needs_looks and self.now >= next_look - _EPSILON:
                self._look()
                next_look = self.now + self.policy.look_again_s(self._machine(), self.now)
            if poll_s is None or self.now >= next_poll - _EPSILON:
                next_poll = self.now + (poll_s or 0.0)
                if self._start_all() and self.policy.needs_looks:
                    next_look = min(next_look, self.now + self.policy.look_again_s(self._machine(), self.now))
            stop = min(next_look if self.policy.needs_looks else math.inf, next_poll if poll_s else math.inf)
            while not self._step(stop):
                pass
        self.result.makespan_s = self.now
        self.result.unfinished = len(self.live) + sum(map(len, self.waiting.values()))
        return self.result

    @property
    def _kills(self) -> int:
        return self.result.oom_kills + self.result.evictions

    @property
    def free_bytes(self) -> float:
        """What nobody has taken."""
        taken = math.fsum(each.memory for each in self.live.values())
        return self.workload.memory_bytes - taken - self.neighbour.memory_bytes(self.now)

    @property
    def wanted_cpus(self) -> float:
        """Of all that run."""
        return math.fsum(each.job.cpus for each in self.live.values() if not each.still)

    def _machine(self) -> Machine:
        foreign = self.neighbour.cpus(self.now)
        used = min(self.wanted_cpus + foreign, float(self.workload.cores))
        return Machine(
            at=self.now,
            memory_total_bytes=int(self.workload.memory_bytes),
            memory_available_bytes=max(int(self.free_bytes), 0),
            cpus=float(self.workload.cores),
            cpus_used=used,
        )

    def _look(self) -> None:
        began = time.perf_counter()
        self.policy.look({key: self._use(each) for key, each in self.live.items()}, self.now)
        acts = self.policy.guard(self._machine(), self.now)
        self.result.looks += 1
        self.result.looking_s += time.perf_counter() - began
        for act in acts:
            self._do(act)

    def _use(self, running: _Running) -> Use:
        passed_s = self.now - running.looked_at
        cpus = None
        if running.was_looked_at and passed_s > 0:
            cpus = (running.attempt_cpu_s - running.looked_cpu_s) / passed_s
        running.looked_at, running.looked_cpu_s, running.was_looked_at = self.now, running.attempt_cpu_s, True
        return Use(int(running.memory), cpus)

    def _do(self, act: Act) -> None:
        running = self.live.get(act.id or "")
        if running is None:
            return
        if act.do == "suspend" and not running.still:
            running.still = True
            self.result.suspensions += 1
            self.policy.suspended(act.id, self.now, held=True)
        elif act.do == "resume" and running.still:
            running.still = False
            self.policy.resumed(act.id, self.now)
        elif act.do == "evict":
            self.result.evictions += 1
            self._throw_away(running)

    def _throw_away(self, running: _Running) -> None:
        job = running.job
        self.result.wasted_s += running.attempt_cpu_s
        del self.live[job.id]
        heapq.heappush(self.waiting.setdefault(job.key, []), job.number)
        self.policy.end(job.id, self.now, cut_short=True)

    def _start_all(self) -> bool:
        started = False
        while self.waiting:
            queued = [
                Queued(f"job-{numbers[0]}", key, number=numbers[0], count=len(numbers))
                for key, numbers in self.waiting.items()
            ]
            machine = self._machine()
            began = time.perf_counter() if self.time_decisions else 0.0
            chosen = self.policy.choose(queued, machine, self.now)
            if self.time_decisions:
                took = time.perf_counter() - began
                self.result.decisions += 1
                self.result.deciding_s += took
                self.result.worst_decision_s = max(self.result.worst_decision_s, took)
            if not isinstance(chosen, Start):
                break
            self._start(int(chosen.id.removeprefix("job-")))
            started = True
        return started

    def _start(self, number: int) -> None:
        job = self.jobs[number]
        numbers = self.waiting[job.key]
        numbers.remove(number)
        heapq.heapify(numbers)
        if not numbers:
            del self.waiting[job.key]
        running = self.live[job.id] = _Running(job, looked_at=self.now)
        running.enter(0)
        self.result.most_live = max(self.result.most_live, len(self.live))
        self.policy.begin(Newcomer(job.id, job.key, number=number), self.now)

    def _step(self, stop: float) -> bool:
        """Go on to the next event; say whether it is one that a supervisor notices."""
        moving = [each for each in self.live.values() if not each.still]
        free = self.free_bytes
        wanted = math.fsum(each.job.cpus for each in moving)
        foreign = self.neighbour.cpus(self.now)
        speed = min(1.0, (self.workload.cores - foreign) / wanted) if wanted else 1.0
        scarce = _SCARCE * self.workload.memory_bytes
        if free < scarce:
            speed *= max(free / scarce, _SLOWEST)
        passed_s = min(stop, self.neighbour.next_corner(self.now), self.now + 60.0) - self.now
        growth = self.neighbour.growth(self.now) + speed * math.fsum(each.slope for each in moving)
        if free < 2 * scarce and growth:
            passed_s = min(passed_s, 0.25)
        for each in moving:
            left = (each.until - each.done) / speed
            passed_s = min(passed_s, left)
        passed_s = max(passed_s, 0.0)
        is_oom = growth > 0 and free < growth * passed_s
        if is_oom:
            passed_s = max(free / growth, 0.0)
        self._pass(passed_s, speed, moving, wanted)
        if is_oom:
            self._kill_largest()
            return True
        return self._turn(moving) or self.now >= stop - _EPSILON or not self.live

    def _pass(self, passed_s: float, speed: float, moving: Sequence[_Running], wanted: float) -> None:
        progress = passed_s * speed
        for each in moving:
            each.done += progress
            each.memory += each.slope * progress
            each.attempt_cpu_s += each.job.cpus * progress
        self.now += passed_s
        self.load += (wanted + self.neighbour.cpus(self.now) - self.load) * (1 - math.exp(-passed_s / 60.0))
        self.result.cpu_area += wanted * progress
        self.result.memory_area += passed_s * math.fsum(each.memory for each in self.live.values())

    def _turn(self, moving: Sequence[_Running]) -> bool:
        """Let those whose piece is over go on with the next; say whether one has finished."""
        ended = False
        for each in moving:
            if each.done < each.until - 1e-7:
                continue
            if each.segment + 2 < len(each.job.shape):
                each.enter(each.segment + 1)
                continue
            ended = True
            del self.live[each.job.id]
            self.result.finished += 1
            self.result.useful_s += each.attempt_cpu_s
            self.policy.end(each.job.id, self.now, cut_short=False)
        return ended

    def _kill_largest(self) -> None:
        if self.live:
            self.result.oom_kills += 1
            self._throw_away(max(self.live.values(), key=lambda each: each.memory))
