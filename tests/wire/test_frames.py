"""Frames come out of a stream as they went in, however it was cut; their descriptors stay with them."""

import itertools
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.wire.frames import BODY_LIMIT_BYTES, BadFrame, FrameReader, encode

FIELDS = st.lists(st.binary(max_size=20).map(lambda field: field.replace(b"\0", b"x")), max_size=5)
FRAMES = st.lists(st.tuples(st.integers(0, 255), st.integers(0, 2**64 - 1), FIELDS), max_size=8)


@given(FRAMES, st.lists(st.integers(0, 400), max_size=12))
def test_any_cut_gives_the_same_frames(sent, cuts):
    """Frames do not depend on how the stream was cut."""
    stream = b"".join(encode(*each) for each in sent)
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    reader, got = FrameReader(), []
    for start, end in itertools.pairwise(places):
        reader.feed(stream[start:end])
        while (frame := reader.next_frame()) is not None:
            got.append((frame.op, frame.id, frame.fields))

    assert got == sent


@given(st.lists(st.integers(0, 3), min_size=1, max_size=6), st.data())
def test_descriptors_stay_with_their_frame(counts, data):
    """Each frame gets the descriptors that came with its first byte, whatever was received in one piece with it."""
    reader, got, sent, numbers = FrameReader(), [], [], iter(range(10_000, 20_000))
    for count in counts:  # numbers of no descriptor: none of them may be closed
        fds = tuple(next(numbers) for _ in range(count))
        frame = encode(1, 0, [b"field"], count)
        cut = data.draw(st.integers(1, len(frame)))
        reader.feed(frame[:cut], fds)
        if cut < len(frame):
            reader.feed(frame[cut:])
        sent.append(fds)
        if data.draw(st.booleans()):
            got += drain(reader)
    got += drain(reader)

    assert got == sent


def drain(reader):
    """The descriptors of all frames that are there."""
    return [frame.fds for frame in iter(reader.next_frame, None)]


@pytest.mark.parametrize("announced", [0, 1, 3])
def test_a_frame_with_other_descriptors_than_announced_has_none(announced):
    """More, fewer, or none: they are closed, and the next frame gets its own."""
    reader = FrameReader()
    fds = (os.open("/dev/null", os.O_RDONLY), os.open("/dev/null", os.O_RDONLY))
    reader.feed(encode(1, 7, (), announced), fds)
    assert reader.next_frame().fds == (None if announced else ())
    reader.feed(encode(1, 8, (), 1), (12345,))

    assert reader.next_frame().fds == (12345,)
    for fd in fds:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)


def test_a_frame_whose_descriptors_were_dropped_has_none():
    """What the kernel let through of them is closed."""
    reader = FrameReader()
    fd = os.open("/dev/null", os.O_RDONLY)
    reader.feed(encode(1, 7, (), 2), (fd,), is_truncated=True)

    assert reader.next_frame().fds is None
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)


def test_a_body_beyond_the_limit_is_refused_on_both_sides():
    """Nobody buffers without end for a stranger."""
    with pytest.raises(ValueError, match="a frame holds"):
        encode(1, 0, [b"x" * BODY_LIMIT_BYTES])
    reader = FrameReader()
    reader.feed((BODY_LIMIT_BYTES + 1).to_bytes(4, "little") + bytes(12))
    with pytest.raises(BadFrame, match="limit"):
        reader.next_frame()


def test_a_field_cannot_contain_a_nul():
    """It would be two."""
    with pytest.raises(ValueError, match="NUL"):
        encode(1, 0, [b"a\0b"])


def test_a_body_without_an_end_is_no_frame():
    """Something else is speaking."""
    reader = FrameReader()
    reader.feed(b"\1\0\0\0" + bytes(12) + b"x")
    with pytest.raises(BadFrame, match="no end"):
        reader.next_frame()
