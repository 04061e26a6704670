"""Punching holes into live files."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from procession.kernel.hole import Punch, punch_hole

MIB = 1 << 20


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    """A file of 1 MiB of x, open for reading and writing."""
    fd = os.open(tmp_path / "file", os.O_CREAT | os.O_RDWR)
    os.write(fd, b"x" * MIB)
    if punch_hole(fd, 2 * MIB, 4096) is Punch.NOT_SUPPORTED:
        os.close(fd)
        pytest.skip("the filesystem of the tests cannot punch holes")
    yield fd
    os.close(fd)


def test_a_hole_frees_blocks_and_keeps_size_and_offsets(file: int):
    """The middle reads as zeros and takes no room; before and behind it nothing moved."""
    assert Punch.DONE is punch_hole(file, MIB // 4, MIB // 2)

    assert os.fstat(file).st_size == MIB
    assert os.fstat(file).st_blocks * 512 <= MIB // 2 + 65536
    assert os.pread(file, MIB, 0) == b"x" * (MIB // 4) + b"\0" * (MIB // 2) + b"x" * (MIB // 4)


def test_a_hole_beyond_the_end_does_not_grow_the_file(file: int):
    """KEEP_SIZE: asking far beyond the end changes nothing."""
    assert Punch.DONE is punch_hole(file, 1 << 30, 4096)
    assert os.fstat(file).st_size == MIB


def test_what_has_no_blocks_is_not_supported():
    """A pipe cannot have holes: a typed answer, not an exception."""
    reading, writing = os.pipe()
    assert Punch.NOT_SUPPORTED is punch_hole(writing, 0, 4096)
    os.close(reading)
    os.close(writing)


def test_a_descriptor_that_cannot_write_is_an_error(file: int, tmp_path: Path):
    """Everything but "cannot" is an OSError with its number."""
    fd = os.open(tmp_path / "file", os.O_RDONLY)
    with pytest.raises(OSError, match="Bad file descriptor"):
        punch_hole(fd, 0, 4096)
    os.close(fd)


def test_an_empty_range_is_an_error(file: int):
    """A length of zero is the caller's mistake."""
    with pytest.raises(OSError, match="Invalid argument"):
        punch_hole(file, 0, 0)
