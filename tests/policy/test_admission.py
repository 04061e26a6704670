"""The fixed limit, and what the seam promises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.errors import UsageError
from procession.model.machine import Machine
from procession.model.pool import PoolSettings
from procession.policy.admission import FixedLimit, Hold, Newcomer, Queued, Start

MACHINE = Machine(at=0.0, memory_total_bytes=1 << 30, memory_available_bytes=1 << 29, cpus=2.0)


@given(live=st.integers(0, 200), limit=st.integers(1, 100), now=st.floats(0, 1e9))
def test_never_above_the_limit(live, limit, now):
    """A task may start exactly when fewer than the limit live, and a wait has a reason."""
    policy = FixedLimit(hard_limit=limit)
    for number in range(live):
        policy.begin(Newcomer(f"t{number}", "key"), now)

    chosen = policy.choose([Queued("next", "key")], MACHINE, now)

    assert isinstance(chosen, Start) == (live < limit)
    if isinstance(chosen, Hold):
        assert chosen.for_all == f"waiting: {live} running, limit {limit}"


def test_who_ends_makes_room():
    """The end of a task is a place for another, however often it is told."""
    policy = FixedLimit(hard_limit=1)
    policy.begin(Newcomer("one", "key"), 0.0)
    assert isinstance(policy.choose([Queued("two", "key")], MACHINE, 0.0), Hold)

    policy.end("one", 1.0, cut_short=False)
    policy.end("one", 1.0, cut_short=True)

    assert policy.choose([Queued("two", "key")], MACHINE, 1.0) == Start("two", "0 of at most 1 run")


def test_the_lowest_tier_first_then_the_oldest():
    """Of those that could start the lowest tier comes first, and the oldest in it."""
    queued = [Queued("a", "k", number=1, tier=1), Queued("b", "k", number=7), Queued("c", "k", number=5)]

    assert FixedLimit().choose(queued, MACHINE, 0.0).id == "c"


def test_a_fixed_limit_wants_no_looks():
    """Nobody need look at the machine for it, and it does nothing to anybody."""
    policy = FixedLimit()

    assert not policy.needs_looks
    assert not policy.guard(MACHINE, 0.0)


@pytest.mark.parametrize("limit", [0, -1, True, 1.5, "4", None])
def test_limits_that_cannot_be(limit):
    """A limit is a whole number from 1."""
    for make in (FixedLimit, PoolSettings):
        with pytest.raises(UsageError, match="hard_limit"):
            make(hard_limit=limit)
        with pytest.raises(UsageError, match="soft_limit"):
            make(soft_limit=limit)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("memory_per_task_bytes", -1),
        ("memory_per_task_bytes", "512MB"),
        ("memory_per_task_bytes", True),
        ("cpu_ceiling", 0),
        ("cpu_ceiling", 1.1),
        ("cpu_ceiling", "all"),
    ],
)
def test_figures_that_cannot_be(field, value):
    """A size is a whole number of bytes, a ceiling a share."""
    with pytest.raises(UsageError, match=field):
        PoolSettings(**{field: value})
