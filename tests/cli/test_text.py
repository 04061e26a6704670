"""C118: what others print or are called cannot act on the user's terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.cli.text import show_line, show_safely


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"plain", "plain"),
        (b"\x1b[31mred\x1b[0m", "red"),
        (b"\x1b]0;a title\x07text", "text"),
        (b"\x1b]52;c;c2VjcmV0\x07", ""),
        (b"up\x1b[2A and away", "up and away"),
        (b"10%\r20%\r30%", "30%"),
        (b"bell\x07", "bell\\x07"),
        ("\u009b31m".encode(), "\\x9b31m"),
        ("abc\u202edcb".encode(), "abc\\u202edcb"),
        (b"no \xff text", "no \\xff text"),
        (b"a\tb", "a   b"),
        ("größe ✓ 数".encode(), "größe ✓ 数"),
    ],
)
def test_a_line_is_shown_as_a_terminal_would_leave_it(line, shown):
    """C118: colours, titles, clipboards and cursor movements leave nothing; what could still act is spelt out."""
    assert shown == show_line(line)


def test_a_command_with_an_escape_sequence_is_spelt_out():
    """C118: in names and commands nothing is left out: what is there is seen."""
    assert show_safely("echo '\x1b]0;x\x07'") == "echo '\\x1b]0;x\\x07'"


@given(st.binary())
def test_nothing_that_is_shown_can_act(line):
    """C118: whatever the bytes, only printable characters come out."""
    assert show_line(line).isprintable()
