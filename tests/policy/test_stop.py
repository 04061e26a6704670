"""The steps of ending a tree."""

import math
import signal

from hypothesis import given
from hypothesis import strategies as st

from procession.model.command import StopStep
from procession.policy.stop import plan_stop

GRACES = st.one_of(st.floats(0, 1e9), st.just(math.inf))
CUSTOM = st.lists(st.builds(StopStep, st.sampled_from(["INT", "TERM", "QUIT"]), st.floats(0, 60)), max_size=3)


def test_the_ordinary_plan():
    """SIGTERM and the grace, then SIGKILL without a limit."""
    assert plan_stop((), 5.0) == [StopStep(15, 5.0), StopStep(9, math.inf)]


def test_no_grace_is_no_politeness():
    """With a grace of 0 there is SIGKILL at once, whatever the command's own sequence."""
    assert plan_stop((), 0) == plan_stop([StopStep("INT", 3)], 0) == [StopStep(9, math.inf)]


def test_an_infinite_grace_never_insists():
    """Then there is no SIGKILL at all."""
    assert plan_stop((), math.inf) == [StopStep(15, math.inf)]


@given(CUSTOM, GRACES)
def test_sigkill_is_last_or_never(custom, grace_s):
    """SIGKILL comes last, exactly once, unless the grace is infinite; a sequence of one's own is kept in order."""
    plan = plan_stop(custom, grace_s)
    numbers = [step.signal for step in plan]

    assert numbers.count(signal.SIGKILL) == (0 if math.isinf(grace_s) else 1)
    if grace_s > 0 and custom:
        assert plan[: len(custom)] == custom
    if not math.isinf(grace_s):
        assert plan[-1] == StopStep(9, math.inf)
