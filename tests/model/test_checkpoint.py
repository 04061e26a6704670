"""A checkpoint that cannot be is never made, and one that can be is the same after a journey through JSON."""

import pickle

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.errors import InvalidCheckpoint
from procession.model.checkpoint import Checkpoint, SaveReport, newest
from procession.model.progress import Progress
from procession.store.codec import CHECKPOINT


def checkpoint(number: int = 1, **fields) -> Checkpoint:
    """Make one of task ``t1``, with what differs."""
    given = {"task": "t1", "attempt": 1, "at": 5.5, "by": "task", "can_resume": True, "reason": "it said so"}
    return Checkpoint(number=number, **(given | fields))


WRONG = {
    "version": [0, 2, -1],
    "task": ["../x", "", "a/b", "x" * 101],
    "number": [0, -1, 2**60],
    "attempt": [0],
    "at": [float("nan"), float("inf")],
    "session": ["\x1b[2J", "a\0"],
    "saved": ["a\rb", "\x9b1m", "\ud800"],
    "cwd": ["relative", "/a\x07"],
    "resume_command": [(), ("",), ("sh", "-c", "a\x1b[8m"), ("a\0",), ("a", "\x7f")],
    "progress": [Progress(source="json", fraction=float("nan")), Progress(source="json", phase="\ud800")],
    "reason": ["\0"],
    "metadata": [{"k\0": "v"}, {"k": "\ud800"}],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, all_ in WRONG.items() for value in all_])
def test_one_that_cannot_be(field, value):
    """It is refused with its field, where it is made and where it is read."""
    with pytest.raises(ValueError, match=field):
        checkpoint(**{field: value})


@given(
    argv=st.none() | st.lists(st.text(), min_size=1, max_size=4).map(tuple),
    at=st.floats(allow_nan=True),
    metadata=st.dictionaries(st.text(), st.text(), max_size=3),
    number=st.integers(-(2**64), 2**64),
)
def test_what_is_made_comes_back(argv, at, metadata, number):
    """Whatever it was made of, it is refused, or the same again when it was written and read."""
    try:
        made = checkpoint(number, resume_command=argv, at=at, metadata=metadata)
    except ValueError:
        return
    assert CHECKPOINT.decode(CHECKPOINT.encode(made)) == made


def test_bytes_that_are_no_text_come_back():
    """A file name that is no UTF-8 can still be named."""
    made = checkpoint(resume_command=("vim", "a\udcff"), saved="/b\udc80", cwd="/ü")
    assert CHECKPOINT.decode(CHECKPOINT.encode(made)) == made


@pytest.mark.parametrize("change", [{"of_tomorrow": 1}, {"by": "nobody"}, {"can_resume": 1}, {"metadata": {"k": 1}}])
def test_what_is_read_is_read_strictly(change):
    """A field that we do not know may change what the command means, and a wrong type is no checkpoint."""
    body = msgspec.json.encode(msgspec.to_builtins(checkpoint()) | change)
    with pytest.raises(msgspec.ValidationError):
        CHECKPOINT.decode(body)


def test_scripts_have_lines_and_tabs():
    """They are part of many a command, and hide nothing."""
    assert checkpoint(resume_command=("sh", "-c", "a\n\tb")).resume_command[2] == "a\n\tb"


def test_the_newest():
    """So many, the highest number first; the later of two with the same one."""
    again = checkpoint(2, reason="again")
    assert newest([checkpoint(2), checkpoint(9), checkpoint(1), again], 2) == [checkpoint(9), again]
    assert newest([], 2) == []


def test_they_travel():
    """The error and the report survive pickling with their fields."""
    error = pickle.loads(pickle.dumps(InvalidCheckpoint("/c/t1.json", "torn")))
    report = SaveReport(task="t1", answer="saved", reason="", checkpoint=checkpoint())

    assert (error.path, error.reason, error.code) == ("/c/t1.json", "torn", "invalid_checkpoint")
    assert str(error) == "the checkpoints in /c/t1.json cannot be trusted: torn"
    assert pickle.loads(pickle.dumps(report)) == report
