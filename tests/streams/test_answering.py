"""Answers to what programs ask their terminal."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.streams.answering import RECENT_BYTES, TerminalAnswers

FIXTURES = Path(__file__).parent / "fixtures"
ANSWERS = [
    (b"\x1b[6n", b"\x1b[1;1R"),
    (b"\x1b[5n", b"\x1b[0n"),
    (b"\x1b[c", b"\x1b[?62;c"),
    (b"\x1b[0c", b"\x1b[?62;c"),
    (b"\x1b[>c", b"\x1b[>0;0;0c"),
    (b"\x1b[>0c", b"\x1b[>0;0;0c"),
    (b"\x1b[>q", b"\x1bP>|procession\x1b\\"),
    (b"\x1b[>0q", b"\x1bP>|procession\x1b\\"),
    (b"\x1bP+q544e\x1b\\", b"\x1bP0+r\x1b\\"),
    (b"\x1b]10;?\x07", b"\x1b]10;rgb:cccc/cccc/cccc\x07"),
    (b"\x1b]11;?\x1b\\", b"\x1b]11;rgb:0000/0000/0000\x1b\\"),
]
NO_QUERIES = [
    b"plain",
    b"\x1b[31mred\x1b[0m",
    b"\x1b[?25l",
    b"\x1b[7n",
    b"\x1b[2c",
    b"\x1b]0;title\x07",
    b"\x1bP1$r\x1b\\",
]


@pytest.mark.parametrize(("query", "answer"), ANSWERS)
def test_each_query_is_answered(query: bytes, answer: bytes):
    """Whatever stands around it."""
    assert answer == TerminalAnswers().feed(query)
    assert answer == TerminalAnswers().feed(b"\x1b[m" + query + b"\x1b[0m")


@pytest.mark.parametrize(("query", "answer"), ANSWERS)
def test_a_query_may_be_cut_anywhere(query: bytes, answer: bytes):
    """Two chunks, or one per byte: the same answer, once, when the query is whole."""
    for cut in range(len(query) + 1):
        answers = TerminalAnswers()
        assert answer == answers.feed(query[:cut]) + answers.feed(query[cut:])
    answers = TerminalAnswers()
    assert [b""] * (len(query) - 1) + [answer] == [answers.feed(bytes([byte])) for byte in query]


@pytest.mark.parametrize("output", NO_QUERIES)
def test_nothing_else_is_answered(output: bytes):
    """Colours, titles, modes and other questions."""
    assert TerminalAnswers().feed(output) == b""


@given(
    st.lists(st.sampled_from([query for query, _ in ANSWERS] + NO_QUERIES + [b"\x1b", b"\r\n", "é".encode()])),
    st.data(),
)
def test_chunking_is_invisible(parts: list[bytes], data: st.DataObject):
    """Any split of the same output gives the same answers."""
    output = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(output)))))
    whole, pieces = TerminalAnswers(), TerminalAnswers()

    chunks = [output[start:end] for start, end in zip([0, *cuts], [*cuts, len(output)], strict=True)]

    assert whole.feed(output) == b"".join(pieces.feed(chunk) for chunk in chunks)


def test_what_enlighten_asks_is_answered_question_by_question():
    """The real bytes: 12 kB of bars, with as many answers as questions, and the bars' rows as positions."""
    output = (FIXTURES / "enlighten.pty.raw").read_bytes()
    answers = TerminalAnswers(80, 24).feed(output)

    assert output.count(b"\x1b[6n") == len(re.findall(rb"\x1b\[\d+;\d+R", answers))
    assert output.count(b"\x1bP+q") == answers.count(b"\x1bP0+r\x1b\\")
    assert output.count(b"\x1b[>q") == answers.count(b"\x1bP>|procession\x1b\\")
    assert {(1, 1), (23, 1), (22, 1)} == {tuple(map(int, at)) for at in re.findall(rb"\x1b\[(\d+);(\d+)R", answers)}


def test_enlightens_real_bytes_cut_anywhere():
    """One byte at a time and all at once give the same answers."""
    output = (FIXTURES / "enlighten_answered.pty.raw").read_bytes()
    answers = TerminalAnswers()

    assert TerminalAnswers().feed(output) == b"".join(answers.feed(bytes([byte])) for byte in output)


@pytest.mark.parametrize(
    ("output", "position"),
    [
        (b"abc", (1, 4)),
        (b"one\r\ntwo", (2, 4)),
        (b"\x1b[7;11H", (7, 11)),
        ("é🎉".encode(), (1, 4)),
        (b"x" * 80, (1, 80)),
        (b"x" * 81, (2, 2)),
        (b"a\x1bP+q544e\x1b\\b", (1, 3)),
        (b"a\x1b]0;title\x07b\x1b]8;;url\x1b\\c", (1, 4)),
        (b"a\x1b[?2026$pb\x1b[>4;1mc\x1b[?6nd\x1b[<u\x1b[1;2;3;4Ae", (1, 6)),
        (b"\x1b[5;10r\x1b[?6h\x1b[2;3H", (2, 3)),
        (b"\x1b[9999;9999H", (24, 80)),
    ],
)
def test_the_position_is_where_a_terminal_would_have_it(output: bytes, position: tuple[int, int]):
    """Wrapping, wide characters, margins; strings and strange sequences move nothing and break nothing."""
    assert TerminalAnswers().feed(output + b"\x1b[6n").endswith(b"\x1b[%d;%dR" % position)


def test_a_resized_terminal_answers_for_its_new_size():
    """Before and after the screen was first needed."""
    answers = TerminalAnswers()
    answers.resize(100, 30)
    assert answers.feed(b"\x1b[999;999H\x1b[6n") == b"\x1b[30;100R"
    answers.resize(40, 10)
    assert answers.feed(b"\x1b[999;999H\x1b[6n") == b"\x1b[10;40R"


def test_memory_is_bounded():
    """However much is printed before somebody asks, little is kept, and the recent part decides."""
    answers = TerminalAnswers()
    for _ in range(100):
        answers.feed(b"y" * 5000)
    answers.feed(b"z" * (10 * RECENT_BYTES) + b"\x1b[3;5H")

    assert sum(map(len, answers._unseen)) <= 2 * RECENT_BYTES
    assert answers.feed(b"\x1b[6n") == b"\x1b[3;5R"


def test_an_endless_string_is_not_kept():
    """A picture is not a question, nor is a question without an end."""
    answers = TerminalAnswers()
    for start in (b"\x1bPq", b"\x1bP+q"):
        answers.feed(start)
        for _ in range(100):
            answers.feed(b"4" * 5000)
        assert len(answers._begun) <= 5000
    assert answers.feed(b"\x1b\\\x1b[5n") == b"\x1b[0n"
