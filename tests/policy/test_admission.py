"""The fixed limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.errors import UsageError
from procession.model.pool import Pool
from procession.model.task import task
from procession.policy.admission import Admit, FixedLimit, PoolView, Wait
from procession.policy.order import rank

TASK = task(["true"])


@given(live=st.integers(0, 200), limit=st.integers(1, 100), now=st.floats(0, 1e9))
def test_never_above_the_limit(live, limit, now):
    """A task is admitted exactly when fewer than the limit live, and a wait has a reason."""
    decision = FixedLimit(hard_limit=limit).decide(PoolView(TASK, live), now)

    assert isinstance(decision, Admit) == (live < limit)
    if isinstance(decision, Wait):
        assert decision.reason == f"waiting: {live} running, limit {limit}"


@pytest.mark.parametrize("limit", [0, -1, True, 1.5, "4", None])
def test_limits_that_cannot_be(limit):
    """A limit is a whole number from 1."""
    for make in (FixedLimit, Pool):
        with pytest.raises(UsageError, match="hard_limit"):
            make(hard_limit=limit)
        with pytest.raises(UsageError, match="soft_limit"):
            make(soft_limit=limit)


def test_order():
    """Priority first, then age."""
    urgent, plain = task(["true"], priority=5), task(["true"])

    assert sorted([rank(plain, 1), rank(plain, 2), rank(urgent, 3)]) == [(-5, 3), (0, 1), (0, 2)]
