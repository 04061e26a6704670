"""When a crowd is given up."""

import pytest

from procession.policy.halt import Halt, read_halt


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("never", None),
        ("now,fail=1", Halt("now", 1)),
        ("soon,fail=12", Halt("soon", 12)),
        ("soon,fail=20%", Halt("soon", 20, is_share=True)),
    ],
)
def test_what_is_read(given, read):
    """The words of GNU parallel that are about failures."""
    assert read_halt(given) == read


@pytest.mark.parametrize("given", ["", "now", "now,fail=0", "now,fail=101%", "later,fail=1", "now,success=1", "fail=1"])
def test_what_is_refused(given):
    """Anything else is refused, and what was expected is said."""
    with pytest.raises(ValueError, match="expected never, or now or soon"):
        read_halt(given)


def test_a_number_is_due_when_it_is_reached():
    """So many failures, however many ended."""
    assert [Halt("now", 2).is_due(failed, 100) for failed in (0, 1, 2, 3)] == [False, False, True, True]


def test_a_share_is_due_once_it_means_something():
    """A share of those that ended, and at least three failures."""
    halt = Halt("soon", 10, is_share=True)

    assert [halt.is_due(*case) for case in ((2, 2), (3, 31), (3, 30), (10, 100))] == [False, False, True, True]
