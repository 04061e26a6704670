"""Who is tried first of those that wait."""

from procession.model.machine import Machine
from procession.policy.admission import Queued
from procession.policy.claims import Claim
from procession.policy.order import in_order
from procession.policy.outlook import NOTHING, constant

GB = 1e9
MACHINE = Machine(at=0.0, memory_total_bytes=int(32 * GB), memory_available_bytes=int(32 * GB), cpus=16.0)


def waiting(id_, seconds, *, memory=GB, cpus=1.0, count=1, number=0):
    """One kind that waits, and what its next is expected to need."""
    claim = Claim(
        memory_bytes=memory,
        doubt=0.0,
        ahead=constant(memory),
        doubts=NOTHING,
        cpus=cpus,
        duration_s=seconds,
        mean_bytes=memory,
        source="",
        known=seconds is not None,
    )
    return Queued(id_, id_, number=number, count=count), claim


def order(*candidates, overdue=()):
    """Their ids, in the order in which they are tried."""
    return [queued.id for queued, _ in in_order(candidates, MACHINE, lambda queued: queued.id in overdue)]


def test_the_largest_are_tried_first():
    """How long it runs times its share of memory or of processors, whichever is more."""
    small, wide = waiting("small", 100.0, count=50), waiting("wide", 50.0, cpus=8.0, count=9)
    heavy = waiting("heavy", 60.0, memory=24 * GB)
    assert order(small, wide, heavy) == ["heavy", "wide", "small"]


def test_one_that_runs_for_half_of_all_the_time_goes_before_larger_ones():
    """However little it takes: what begins late cannot be made up for."""
    heavy, agent = waiting("heavy", 60.0, memory=24 * GB), waiting("agent", 400.0, cpus=0.1)
    assert order(heavy, agent) == ["agent", "heavy"]
    many, agent = waiting("heavy", 60.0, memory=24 * GB, count=40), waiting("agent", 400.0, cpus=0.1)
    assert order(many, agent) == ["heavy", "agent"]


def test_the_unknown_go_before_the_known_and_the_overdue_before_all():
    """To learn from them; and by age among themselves."""
    known, new, newer = waiting("known", 500.0), waiting("new", None, number=3), waiting("newer", None, number=7)
    assert order(newer, known, new) == ["new", "newer", "known"]
    assert order(newer, known, new, overdue={"known", "newer"}) == ["known", "newer", "new"]
