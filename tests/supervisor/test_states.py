"""The state table: whatever is done in whatever order, a task goes only the ways the table allows."""

import asyncio
import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procession.errors import InvalidTransition, NoDescriptorsLeft, ProcessionError, ProgramNotFound
from procession.model.event import Notified, Suspended
from procession.model.outcome import Outcome, OutcomeKind
from procession.model.readiness import ByNotice
from procession.model.state import LIVE, TRANSITIONS, State, check_transition
from procession.model.task import CONDITIONS, Dependency

PROGRAMS = ["runs", "missing", "full"]
OUTCOMES = [Outcome(kind=kind) for kind in OutcomeKind]

STEPS = st.one_of(
    st.tuples(
        st.just("submit"),
        st.sampled_from(PROGRAMS),
        st.integers(0, 2),
        st.lists(st.tuples(st.integers(0, 9), st.sampled_from(CONDITIONS)), max_size=2),
    ),
    st.tuples(st.just("finish"), st.integers(0, 9), st.sampled_from(OUTCOMES)),
    st.tuples(st.sampled_from(["time_out", "outside", "say_ready"]), st.integers(0, 9)),
    st.tuples(st.sampled_from(["stop", "kill", "suspend", "resume", "signal", "retry", "abandon"]), st.integers(0, 9)),
    st.tuples(st.just("move"), st.integers(0, 5)),
    st.tuples(st.just("settle")),
    st.tuples(st.just("yield")),
    st.tuples(st.just("gate")),
    st.tuples(st.just("stop_all")),
)


@pytest.mark.parametrize(("before", "after"), list(itertools.product(State, State)))
def test_the_table_is_the_law(before, after):
    """A way that is not in the table is an error, whoever asks."""
    if after in TRANSITIONS[before]:
        assert check_transition(before, after) is after
    else:
        with pytest.raises(InvalidTransition):
            check_transition(before, after)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=5, max_size=60), limit=st.integers(1, 3))
async def test_no_other_path(stage, steps, limit):
    """Any sequence of requests, ends and time-outs keeps to the table and the limit, and everything ends (C042)."""
    it = stage(hard_limit=limit, random=lambda: 0.5)
    watched = Watched(it, limit)
    it.supervisor.subscribe(watched.look)
    it.launcher.script = _start
    acts = []
    async with it:
        for step in steps:
            acts.append(asyncio.create_task(_perform(it, *step)))
            await asyncio.sleep(0)
            if step[0] == "settle":
                await it.settle()
        for process in it.launcher.processes:
            process.ignores_stop = False
    await asyncio.gather(*acts)

    assert not watched.wrong
    assert all(view.state is State.ENDED and view.outcome is not None for view in it.supervisor.list())
    assert not it.launcher.living


class Watched:
    """Looks at every task after every event, and notes what must not be."""

    def __init__(self, it, limit):
        """Look at the stage ``it``, where no more than ``limit`` may live."""
        self._it = it
        self._limit = limit
        self._states = {}
        self.wrong = []

    def look(self, event):
        """Compare the states with those at the last event."""
        views = self._it.supervisor.list()
        for view in views:
            before = self._states.get(view.id, State.QUEUED)
            if view.state is not before and view.state not in TRANSITIONS[before]:
                self.wrong.append((event, before, view.state))
            self._states[view.id] = view.state
            if (view.outcome is not None) != (view.state is State.ENDED):
                self.wrong.append((event, "outcome", view))
        if sum(view.state in LIVE for view in views) > self._limit:
            self.wrong.append((event, "limit", views))


def _start(command):
    return {
        "missing": ProgramNotFound("there is no program 'missing'"),
        "full": NoDescriptorsLeft("no descriptors left"),
    }.get(command.argv[0])


async def _perform(it, step, *arguments):
    views = it.supervisor.list()
    if step == "submit":
        program, retries, after = arguments
        known = [Dependency(views[n % len(views)].id, condition) for n, condition in after] if views else []
        it.supervisor.submit([program], retries=retries, after=known, ready=ByNotice(), ready_timeout_s=3)
    elif step in {"finish", "time_out", "outside", "say_ready"}:
        _happen(it, step, *arguments)
    elif step == "move":
        it.clock.move(arguments[0])
    elif step == "gate":
        _toggle_gate(it)
    elif step == "stop_all":
        await it.supervisor.stop_all()
    elif views and step not in {"settle", "yield"}:
        await _ask(it, step, views[arguments[0] % len(views)].id)


def _happen(it, step, which, outcome=None):
    if not it.launcher.living:
        return
    process = it.launcher.living[which % len(it.launcher.living)]
    if step == "finish":
        process.finish(outcome)
    elif step == "time_out":
        process.stop_for_time_out()
    elif step == "say_ready":
        process.tell(Notified(at=it.clock.time(), fields={"READY": "1"}))
    else:
        process.tell(Suspended(at=it.clock.time(), by="outside"))


def _toggle_gate(it):
    if it.launcher.gate is None:
        it.launcher.gate = asyncio.Event()
    else:
        it.launcher.gate.set()
        it.launcher.gate = None


async def _ask(it, verb, id_):
    try:
        if verb == "retry":
            it.supervisor.retry(id_)
        elif verb == "signal":
            await it.supervisor.signal(id_, "TERM")
        elif verb == "abandon":
            asking = asyncio.ensure_future(it.supervisor.stop(id_))
            await asyncio.sleep(0)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        else:
            await getattr(it.supervisor, verb)(id_)
    except ProcessionError:
        pass
