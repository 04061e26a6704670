"""What a terminal leaves of a line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.streams.lines import shown

CASES = [
    ("plain", "plain"),
    ("10%\r20%\r30%", "30%"),
    ("dos\r", "dos"),
    ("\r 50%\r100%\r", "100%"),
    ("abcdef\rxy", "xycdef"),
    ("abcdef\rxy\x1b[K", "xy"),
    ("abcdef\x1b[2K\rxy", "xy"),
    ("abcdef\x1b[3Dx\x1b[1K", "     f"),
    ("12%\b\b\b34%", "34%"),
    ("\b\bab", "ab"),
    ("\x1b[1;31mred\x1b[0m", "red"),
    ("\x1b]0;title\x07text\x1b]8;;url\x1b\\link", "textlink"),
    ("\x1bP+q544e\x1b\\a\x1b(Bb\x1b7c", "abc"),
    ("abc\x1b[1Gx\x1b[5Gy", "xbc y"),
    ("a\x1b[3Cb", "a   b"),
    ("cut\x1b[31", "cut"),
    ("cut\x1b", "cut"),
]


@pytest.mark.parametrize(("line", "left"), CASES)
def test_what_is_left(line: str, left: str):
    """C026: carriage returns, backspaces and line erasure are obeyed; colours and titles leave nothing."""
    assert left == shown(line)
    assert left.encode() == shown(line.encode())


def test_bytes_that_are_no_characters_are_kept():
    """Showing a line does not destroy what cannot be decoded."""
    assert shown(b"lost\r\xff ok") == b"\xff ok"


@pytest.mark.parametrize("final", "GCD")
def test_a_number_does_not_make_memory(final: str):
    """A hostile column moves the cursor a bounded way."""
    assert len(shown(f"a\x1b[999999{final}b\x1b[99999999999999{final}c")) < 5000


@given(st.text(alphabet="ab\r\b\x1b[]K2;m\x07\\P"))
def test_any_line_can_be_shown(line: str):
    """Nothing raises and no control character that moves the cursor is left."""
    assert not set(shown(line)) & set("\r\b\x1b")
