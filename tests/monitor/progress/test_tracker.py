"""One value per task: never full before its end, never backwards, with a time left."""

from hypothesis import given
from hypothesis import strategies as st

from procession.monitor.progress.found import Found, Reading
from procession.monitor.progress.tracker import ProgressTracker


def reading(percent: float | None = None, label: str = "", *, in_phases: bool = False, **found) -> Reading:
    """What some tool says."""
    return Reading(Found(label, percent, in_phases=in_phases, **found), "profile", "a tool", 0.9)


def test_it_is_never_full_before_its_end():
    """Whatever was printed; the exit status alone says that it is done."""
    tracker = ProgressTracker(0)
    tracker.take(reading(100), 10)
    assert tracker.value.fraction < 1

    tracker.end(success=True, at_s=11)
    assert (tracker.value.fraction, tracker.value.left_s) == (1.0, 0.0)


def test_a_failure_leaves_the_bar_where_it_was():
    """A tool that says 99 % and fails has done 99 %."""
    tracker = ProgressTracker(0)
    tracker.take(reading(65), 10)
    tracker.end(success=False, at_s=11)

    assert tracker.value.fraction == 0.65


def test_where_nothing_is_known_success_makes_up_nothing():
    """A count is no fraction."""
    tracker = ProgressTracker(0)
    tracker.take(reading(None, current=5), 1)
    tracker.end(success=True, at_s=2)

    assert (tracker.value.fraction, tracker.value.current) == (None, 5)
    ProgressTracker(0).end(success=True, at_s=1)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_within_a_phase_it_never_falls(percents):
    """Small steps back are not shown; a large one begins a phase, and then the whole is unknown, for good."""
    tracker = ProgressTracker(0)
    before, was_whole = 0.0, True
    for at, percent in enumerate(percents):
        tracker.take(reading(percent), at)
        value = tracker.value
        if value.fraction is not None:
            assert was_whole
            assert value.fraction >= before
            before = value.fraction
        was_whole = value.fraction is not None


def test_a_tool_of_phases_says_how_far_each_is():
    """And nothing of the whole."""
    tracker = ProgressTracker(0)
    tracker.take(reading(98, "Counting objects", in_phases=True), 1)
    tracker.take(reading(20, "Receiving objects", in_phases=True), 2)

    value = tracker.value
    assert (value.fraction, value.phase, value.phase_fraction) == (None, "Receiving objects", 0.2)


def test_what_it_reports_itself_comes_first():
    """And it may correct itself."""
    tracker = ProgressTracker(0)
    tracker.report(0.5, "indexing", 1)
    tracker.take(reading(90), 2)
    assert (tracker.value.fraction, tracker.value.source, tracker.value.phase) == (0.5, "report", "indexing")

    tracker.report(0.4, "indexing", 3)
    assert tracker.value.fraction == 0.4


def test_the_time_left_comes_with_its_uncertainty():
    """A steady tool: half is done in 50 s, so 50 s are left; one that slows down has a range."""
    steady, slowing = ProgressTracker(0), ProgressTracker(0)
    for second in range(1, 51):
        steady.take(reading(second), second)
        slowing.take(reading(second if second < 25 else 25 + (second - 25) / 5), second)

    value = steady.value
    assert abs(value.left_s - 50) < 2
    assert value.left_low_s <= value.left_s <= value.left_high_s
    assert slowing.value.left_low_s < slowing.value.left_s < slowing.value.left_high_s
    assert slowing.value.left_high_s > 2 * slowing.value.left_low_s


def test_there_is_no_guess_too_early():
    """Not before 2 %, and not before five seconds."""
    tracker = ProgressTracker(0)
    tracker.take(reading(50), 4)
    assert tracker.value.left_s is None
    slow = ProgressTracker(0)
    slow.take(reading(1), 60)
    assert slow.value.left_s is None


def test_to_say_the_same_again_is_no_movement():
    """Nor is a step back; a new phase is one, and a count."""
    tracker = ProgressTracker(0)
    tracker.take(reading(40, "a", in_phases=True), 10)
    for at in range(20, 700, 10):
        tracker.take(reading(40 if at % 20 else 39, "a", in_phases=True), at)
    assert tracker.moved_at_s == 10
    tracker.take(reading(1, "b", in_phases=True), 700)
    assert tracker.moved_at_s == 700

    counting = ProgressTracker(0)
    for at in range(5):
        counting.take(reading(None, current=at), at)
    assert counting.moved_at_s == 4
