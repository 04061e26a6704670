"""KNOWS AGENTS: which tasks are clients of coding agents, how they go on, whether they succeeded, when they may.

A task says so itself (``agent``), or its command line asks a known client for its events. Its session is noted as a
checkpoint as soon as it is known, since the client keeps the rest: whatever becomes of it, the next attempt goes on
with its own conversation. Not here: what the clients say (`procession.monitor.agents`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from procession.errors import InvalidTask
from procession.model.event import AgentSaid, Notified
from procession.model.outcome import Outcome, OutcomeKind
from procession.monitor.agents.catalogue import known_profiles, profile_named, profile_of
from procession.monitor.agents.resuming import can_resume, chosen_argv, resumed_argv, session_in
from procession.monitor.agents.verdict import agent_success, prints_events
from procession.policy.backpressure import resume_at
from procession.supervisor.agent_watch import AgentWatch
from procession.supervisor.session_file import find_session
from procession.wire.notices import SESSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from procession.model.agent import AgentProfile, AgentView
    from procession.model.event import Event
    from procession.model.task import Task
    from procession.supervisor.clock import Clock
    from procession.supervisor.entry import Entry

NONE: Final = "none"
"""What a task says that is no agent, whatever its command line looks like."""


class Agents:
    """Serves one supervisor. profiles: the user's, before those that are known.

    tell: takes what is seen of a task. chance, new_session: random numbers from 0 to 1, and ids nobody has had.
    """

    def __init__(
        self,
        profiles: Mapping[str, AgentProfile],
        clock: Clock,
        *,
        tell: Callable[[Entry, Event], None],
        chance: Callable[[], float],
        new_session: Callable[[], str],
    ) -> None:
        self._profiles = profiles
        self._clock = clock
        self._tell = tell
        self.note_session: Callable[[Entry], None] = lambda _: None
        """Remembers that the session of a task is known now."""
        self._chance = chance
        self._new_session = new_session
        self._limited: dict[str, tuple[float, int]] = {}

    def check(self, task: Task) -> None:
        """Raise InvalidTask for an agent that nobody knows."""
        if task.agent is not None and task.agent != NONE and profile_named(task.agent, self._profiles) is None:
            known = ", ".join(sorted({*self._profiles, *known_profiles(), NONE}))
            raise InvalidTask("agent", f"names no profile that is known: {task.agent!r}", hint=f"there are {known}")

    def profile(self, task: Task) -> AgentProfile | None:
        """Give the profile of a task that is an agent's client."""
        if task.agent is not None:
            return None if task.agent == NONE else profile_named(task.agent, self._profiles)
        argv = task.command.argv
        found = profile_of(argv, self._profiles)
        return found if found is not None and found.stream and prints_events(found, argv) else None

    # --- an attempt --------------------------------------------------------------------------------------------------

    def prepare(self, entry: Entry) -> None:
        """Choose the session of an attempt that begins anew, where the client lets us, and the task says it is one."""
        if entry.resume_argv is not None or entry.task.agent is None:
            return
        profile = self.profile(entry.task)
        if profile is None:
            return
        session = self._new_session()
        entry.resume_argv = chosen_argv(profile, entry.task.command.argv, session)
        entry.session = session_in(profile, entry.task.command.argv) if entry.resume_argv is None else session

    def begin(self, entry: Entry) -> AgentWatch | None:
        """Listen to the attempt that has just started, or been taken over, if it is an agent's."""
        profile = self.profile(entry.task)
        if profile is None:
            return None
        entry.agent = AgentWatch(
            profile,
            entry.task.command,
            entry.log_offsets,
            clock=self._clock,
            changed=lambda view: self._hear(entry, view),
        )
        return entry.agent

    def _hear(self, entry: Entry, view: AgentView) -> None:
        session = view.session or (entry.session if view.status is not None else None)
        if session is None and entry.agent is not None:
            session = find_session(entry.agent.profile, entry.view.cwd, entry.view.started_at or 0.0)
        if session is not None and session != entry.view.session:
            self._tell(entry, Notified(at=self._clock.time(), fields={SESSION: session}))
            self.note_session(entry)

    def resume_argv(self, entry: Entry, session: str | None) -> tuple[str, ...] | None:
        """Give the command that goes on with a session of its own; None: there is none."""
        profile = self.profile(entry.task)
        if profile is None or not can_resume(profile, session):
            return None
        return resumed_argv(profile, entry.task.command.argv, session)

    # --- its end -----------------------------------------------------------------------------------------------------

    def judge(self, entry: Entry, outcome: Outcome) -> Outcome:
        """Judge how an attempt ended: exit code 0 is not enough where the client says itself whether it succeeded."""
        watch = entry.agent or self.begin(entry)
        if watch is None:
            return outcome
        view = watch.finish()
        self._hear(entry, view)
        self._tell(entry, AgentSaid(at=self._clock.time(), agent=watch.shown(entry.agent_runs)))
        entry.agent_runs = (*entry.agent_runs, view)
        entry.agent = None
        entry.limited_until = None
        if view.limited and not outcome.ok:
            entry.limited_until = self._refused(watch.profile, view)
        elif outcome.ok:
            self._limited.pop(watch.profile.name, None)
            is_success, reason = agent_success(watch.profile, view, outcome.code, entry.task.command.argv)
            if not is_success:
                return replace(outcome, kind=OutcomeKind.FAILED, message=reason)
        return outcome

    def wait_s(self, entry: Entry) -> float:
        """Say for how long no client of its kind is to be started, since its service has refused another."""
        profile = self.profile(entry.task) if self._limited else None
        if profile is None:
            return 0.0
        until, refusals = self._limited.get(profile.name, (0.0, 0))
        wait_s = until - self._clock.time()
        return wait_s + self._chance() * min(refusals, 10) if wait_s > 0 else 0.0

    def _refused(self, profile: AgentProfile, view: AgentView) -> float:
        _, before = self._limited.get(profile.name, (0.0, 0))
        until = resume_at(view.limited_until, self._clock.time(), before + 1, self._chance())
        self._limited[profile.name] = until, before + 1
        return until
