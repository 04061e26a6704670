"""What a wait status means."""

import os

from hypothesis import given
from hypothesis import strategies as st

from procession.model.outcome import UNKNOWN_EXIT, ExitStatus, Outcome, OutcomeKind, decode_wait_status


@given(st.integers(0, 255))
def test_a_code_is_a_code(code):
    """C030: the high byte is the code, and nothing else is set."""
    assert decode_wait_status(code << 8) == ExitStatus(code=code)
    assert os.WEXITSTATUS(code << 8) == code


@given(st.integers(1, 64), st.booleans())
def test_a_signal_is_a_signal(number, core):
    """C030: the low seven bits are the signal, the eighth says whether a core was written; there is no code."""
    status = decode_wait_status(number | (0x80 if core else 0))

    assert status == ExitStatus(signal=number, core_dumped=core)
    assert status.code is None


def test_unknown_is_neither():
    """C035: what nobody knows has no code, no signal, and is not known; it is not equal to any exit."""
    assert (UNKNOWN_EXIT.known, UNKNOWN_EXIT.code, UNKNOWN_EXIT.signal) == (False, None, None)
    assert UNKNOWN_EXIT not in {decode_wait_status(raw) for raw in range(1 << 16)}


def test_only_one_kind_is_ok():
    """C035: of all kinds only `succeeded` is a success, with or without a code of 0."""
    assert [kind for kind in OutcomeKind if Outcome(kind=kind, code=0).ok] == [OutcomeKind.SUCCEEDED]
