"""What an end means, from what was seen of it."""

import itertools
import signal

from hypothesis import given
from hypothesis import strategies as st

from procession.model.outcome import UNKNOWN_EXIT, ExitStatus, OutcomeKind
from procession.policy.verdict import Evidence, judge

EXITS = st.one_of(
    st.just(UNKNOWN_EXIT),
    st.builds(ExitStatus, code=st.integers(0, 255)),
    st.builds(ExitStatus, signal=st.integers(1, 64), core_dumped=st.booleans()),
)
EVIDENCE = st.builds(
    Evidence,
    exit=EXITS,
    stopped_by=st.sampled_from([None, "user", "timeout", "cancel", "shutdown"]),
    forced=st.booleans(),
    sent_signals=st.frozensets(st.integers(1, 64), max_size=3),
    out_of_memory_kills=st.none() | st.integers(0, 2),
    leaked=st.booleans(),
    survivors=st.lists(st.integers(2, 99), max_size=2).map(tuple),
)


@given(EVIDENCE)
def test_code_and_signal_are_what_was_seen(seen):
    """C030, C035: whatever was wished, code and signal are those of the exit: one of them, or none if unknown."""
    outcome = judge(seen)

    assert (outcome.code, outcome.signal, outcome.core_dumped) == (
        *(seen.exit.code, seen.exit.signal, seen.exit.core_dumped),
    )
    assert (outcome.code is not None) + (outcome.signal is not None) == int(seen.exit.known)
    assert (outcome.signal_name is not None) == (outcome.signal is not None)


@given(EVIDENCE)
def test_success_is_an_exit_with_0_that_nobody_asked_for(seen):
    """C035: it succeeded if and only if it exited with 0 by itself; unknown is always unknown."""
    outcome = judge(seen)

    assert outcome.ok == (seen.exit.known and seen.exit.code == 0 and seen.stopped_by is None)
    assert (outcome.kind is OutcomeKind.UNKNOWN) == (not seen.exit.known)


@given(EVIDENCE)
def test_the_message_is_a_line_that_can_be_shown(seen):
    """Every verdict has a sentence, of one line, that names the code or the signal."""
    outcome = judge(seen)

    assert outcome.message
    assert outcome.message.isprintable()
    if seen.exit.code is not None:
        assert f"code {seen.exit.code}" in outcome.message
    if outcome.signal_name is not None:
        assert outcome.signal_name in outcome.message
    assert judge(seen) == outcome


def test_whose_wish_decides_the_kind():
    """A time-out, a cancellation and a stop are kinds of their own, however the process ended then, even with 0."""
    kinds = {"timeout": "timed_out", "cancel": "cancelled", "user": "stopped", "shutdown": "stopped"}
    exits = (ExitStatus(code=0), ExitStatus(code=7), ExitStatus(signal=9))

    for (wish, kind), status in itertools.product(kinds.items(), exits):
        assert judge(Evidence(exit=status, stopped_by=wish)).kind == kind


def test_a_kill_is_told_apart_by_its_sender():
    """A SIGKILL of ours, the kernel's for want of memory, and somebody else's are three different messages."""
    killed = ExitStatus(signal=int(signal.SIGKILL))
    ours = judge(Evidence(exit=killed, sent_signals=frozenset({9})))
    kernels = judge(Evidence(exit=killed, out_of_memory_kills=1))
    others = judge(Evidence(exit=killed))

    assert [each.kind for each in (ours, kernels, others)] == ["killed", "out_of_memory", "killed"]
    assert "; sent by this program" in ours.message
    assert "out of memory" in kernels.message
    assert "not sent by this program" in others.message


def test_a_memory_kill_elsewhere_in_the_tree_is_not_the_leaders_end():
    """C030: that the kernel killed a descendant does not make the leader's own exit a memory kill."""
    assert judge(Evidence(exit=ExitStatus(code=0), out_of_memory_kills=1)).kind == "succeeded"
    assert judge(Evidence(exit=ExitStatus(signal=11), out_of_memory_kills=1)).kind == "killed"


def test_where_nobody_counts_a_kill_may_be_the_kernels():
    """It is not guessed: the sentence says that it is unknown."""
    killed = ExitStatus(signal=9)
    unknown, certain = (judge(Evidence(exit=killed, out_of_memory_kills=kills)) for kills in (None, 0))

    assert (unknown.kind, certain.kind) == ("killed", "killed")
    assert "for want of memory, is unknown" in unknown.message
    assert "memory" not in certain.message
