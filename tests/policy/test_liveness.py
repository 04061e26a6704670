"""What a task seems to do, by what was seen of it: ten hours in a few milliseconds."""

import math
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from procession.model.health import Liveness
from procession.policy.liveness import LivenessJudge, Signs
from procession.policy.looping import LoopHint
from procession.policy.rhythm import Rhythm

LOOK_S = 30


def looks(count: int, stall_after_s: float = 300, **per_look):
    """Look ``count`` times at a task whose sums grow by so much from look to look; give all that was judged."""
    judge, judged = LivenessJudge(), []
    for number in range(1, count + 1):
        sums = {name: value * number for name, value in per_look.items() if name in {"cpu_s", "io_bytes"}}
        rest = {name: value for name, value in per_look.items() if name not in sums}
        judged.append(judge.judge(Signs(at_s=number * LOOK_S, **{"word_at_s": 0, **sums, **rest}), stall_after_s))
    return judged


def test_who_does_nothing_at_all_has_stalled_after_its_threshold():
    """Not a look earlier; and the evidence says all of it."""
    judged = looks(11, cpu_s=0.0, io_bytes=0, resting="clock_nanosleep")

    assert [each.liveness for each in judged[1:9]] == [Liveness.QUIET] * 8
    assert judged[9].liveness is Liveness.STALLED
    assert judged[9].evidence == "silent 5 m 00 s, 0.00 CPUs, 0 B I/O, 1 process, all sleeping in clock_nanosleep"
    assert judged[9].lifeless_s == 300


def test_who_computes_in_silence_is_quiet_for_ever():
    """`git gc` in a pipe prints nothing for as long as it takes."""
    assert {each.liveness for each in looks(1200, cpu_s=29.0)[1:]} == {Liveness.QUIET}


def test_who_only_moves_bytes_is_quiet_for_ever():
    """A copy waits for a disk, and takes no CPU time to speak of."""
    assert {each.liveness for each in looks(1200, cpu_s=0.0, io_bytes=5)[1:]} == {Liveness.QUIET}


def test_a_timer_that_does_nothing_is_no_sign_of_life():
    """An interpreter that sleeps still takes a thousandth of a core."""
    assert looks(12, cpu_s=0.03)[-1].liveness is Liveness.STALLED


def test_who_says_something_works():
    """Whatever else it does."""
    judge = LivenessJudge()

    assert judge.judge(Signs(at_s=1000, word_at_s=990), 300).liveness is Liveness.WORKING


def test_who_reads_waits_for_input_from_the_second_look_on():
    """It may only have read in this moment; five seconds later it waits. A word in between begins that anew."""
    judge = LivenessJudge()
    read = {"word_at_s": 0.0, "cpu_s": 0.0, "reading": "a terminal on which nothing comes"}

    first = judge.judge(Signs(at_s=10, **read), 300)
    assert (first.liveness, first.is_reading) == (Liveness.WORKING, True)
    assert judge.judge(Signs(at_s=15, **read), 300).liveness is Liveness.WAITING_FOR_INPUT
    assert judge.judge(Signs(at_s=9999, **read), 300).liveness is Liveness.WAITING_FOR_INPUT
    assert judge.judge(Signs(at_s=10010, **read | {"word_at_s": 10009.0}), 300).liveness is Liveness.WORKING


def test_never_is_never():
    """A task may be told never to stall."""
    assert looks(5000, math.inf, cpu_s=0.0)[-1].liveness is Liveness.QUIET


def test_what_cannot_be_seen_does_not_count_as_dead():
    """Without figures of CPU time only silence is left, and the evidence does not pretend to more."""
    judged = looks(11)

    assert judged[-1].liveness is Liveness.STALLED
    assert "CPU" not in judged[-1].evidence


def test_a_rhythm_of_long_pauses_raises_the_threshold():
    """Many pauses of milliseconds, and now and then one of six minutes: the next such is no stall."""
    rhythm = Rhythm()
    for number in range(400):
        rhythm.take(0.05 if number % 10 else 360.0)

    assert rhythm.threshold_s(300) > 360


def test_a_rhythm_is_not_believed_before_twenty_pauses():
    """Nineteen may be chance."""
    rhythm = Rhythm()
    for _ in range(19):
        rhythm.take(1000)

    assert rhythm.threshold_s(300) == 300


@given(st.lists(st.floats(0, 1e9), max_size=60), st.floats(1, 1e6))
def test_a_threshold_is_bounded_on_both_sides(pauses, configured):
    """Never less than what was asked for, never for ever."""
    rhythm = Rhythm()
    for pause in pauses:
        rhythm.take(pause)

    assert configured <= rhythm.threshold_s(configured) <= configured * 48


def test_the_same_lines_for_minutes_are_a_loop():
    """Digits differ, and a loop has more than one line."""
    hint = LoopHint()
    for number in range(400):
        hint.feed(b"connecting, attempt %d\nfailed: timeout after %d ms\n" % (number, number * 7), number)

    assert hint.example(350) is None
    assert hint.example(400) in {"connecting, attempt 0", "failed: timeout after 0 ms"}


def test_varied_lines_are_no_loop():
    """A long text, a line a second, over and over."""
    lines = Path(__file__).read_bytes().split(b"\n")
    hint = LoopHint()
    for number in range(1000):
        hint.feed(lines[number % len(lines)] + b"\n", number)

    assert hint.example(2000) is None
