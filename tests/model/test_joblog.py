"""The job log of GNU parallel: what is written is read again, whatever the command holds."""

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.errors import UsageError
from procession.model.joblog import HEADER, JobLine, exit_value_and_signal, quote, read_lines, unquote
from procession.model.outcome import Outcome, OutcomeKind

ARGV = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=()), max_size=15), max_size=5)
WORDS = st.lists(st.text("ab \t\n'\"\\$`~*!\x1b#;é\u2028", max_size=8), min_size=1, max_size=4)


def line_of(argv: tuple[str, ...], **fields: int) -> JobLine:
    """Give a line of a job that succeeded."""
    known = {"number": 1, "started_at": 5.25, "duration_s": 0.5, "received_bytes": 3, "exit_value": 0, "signal": 0}
    return JobLine(argv=argv, **(known | fields))


@given(argv=ARGV)
def test_quoting_is_undone(argv):
    """Any words become one line, and come back from it."""
    shown = quote(argv)

    assert "\n" not in shown
    assert "\t" not in shown
    assert unquote(shown) == tuple(argv)


@given(argv=WORDS)
def test_lines_are_read_as_they_were_written(argv):
    """A line of the log gives back all that was written into it."""
    line = line_of(tuple(argv), number=12, exit_value=3)

    assert list(read_lines([HEADER, line.text()], "log")) == [line]


def test_a_shell_reads_the_same_words():
    """What stands in the log can be pasted into bash, and means the same words there."""
    words = ["a b", "it's", "x\ty", "two\nlines", "$HOME", "\\", '"', "", "~", "\x1b[0m", "'\n'", "é"]
    script = f"printf '%s\\0' {quote(words)}"
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    shown = subprocess.run([bash, "-c", script], stdout=subprocess.PIPE, check=True).stdout

    assert shown.decode().split("\0")[:-1] == words


def test_what_gnu_parallel_wrote_is_read():
    """The quoting of another program is understood, too."""
    assert unquote(r"echo a\ b 'c d' \"x\" \$y") == ("echo", "a b", "c d", '"x"', "$y")


def test_the_columns_are_those_of_gnu_parallel():
    """Nine columns with tabs between them, in its order and its form."""
    assert line_of(("exit", "1")).text() == "1\t:\t5.250\t     0.500\t0\t3\t0\t0\texit 1\n"


def test_a_torn_last_line_is_passed_over():
    """Who was killed while writing leaves a line without an end: that job is not known to be done."""
    line = line_of(("a",))

    assert list(read_lines([HEADER, line.text(), line.text()[:-2]], "log")) == [line]


@pytest.mark.parametrize(("lines", "place"), [(["x\n"], "log:1"), ([HEADER, "1\t:\tz\n"], "log:2")])
def test_another_file_is_refused(lines, place):
    """What is no job log is refused with its place."""
    with pytest.raises(UsageError, match=place):
        list(read_lines(lines, "log"))


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome(kind=OutcomeKind.SUCCEEDED, code=0), (0, 0)),
        (Outcome(kind=OutcomeKind.FAILED, code=7), (7, 0)),
        (Outcome(kind=OutcomeKind.KILLED, signal=9), (0, 9)),
        (Outcome(kind=OutcomeKind.TIMED_OUT, signal=15, stopped_by="timeout"), (-1, 15)),
        (Outcome(kind=OutcomeKind.FAILED_TO_START), (-1, 0)),
    ],
)
def test_how_an_outcome_is_written(outcome, expected):
    """As GNU parallel does: an end that was not its own is -1."""
    assert exit_value_and_signal(outcome) == expected
