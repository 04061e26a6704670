"""A small suite for the tour to run."""

import textwrap
from collections import Counter

import pytest


def test_wrapping_loses_no_word() -> None:
    """Wrapped text has the same words in the same order."""
    text = "the keeper walks toward the lamp under the tower " * 20

    assert textwrap.fill(text, 30).split() == text.split()


@pytest.mark.parametrize("width", range(10, 40, 3))
def test_no_line_is_too_long(width: int) -> None:
    """No line is longer than the width."""
    lines = textwrap.wrap("the keeper walks toward the lamp under the tower " * 20, width)

    assert max(map(len, lines)) <= width


def test_words_are_counted() -> None:
    """The commonest word comes first."""
    assert Counter(["a", "b", "a", "c", "a", "b"]).most_common(2) == [("a", 3), ("b", 2)]
