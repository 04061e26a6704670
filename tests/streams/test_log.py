"""Log files: written by the child, bounded while it writes."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from procession.errors import StdioUnavailable
from procession.streams.log import Cut, LogFile, merge_cuts

KIB, MIB = 1 << 10, 1 << 20
SLACK_BYTES = 64 * KIB


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogFile]:
    """A log bounded to 1 MiB."""
    with LogFile(str(tmp_path / "log"), MIB) as log:
        if not log.can_cut:
            pytest.skip("the filesystem of the tests cannot punch holes")
        yield log


def disk_bytes(log: LogFile) -> int:
    """What the log takes on disk."""
    return os.fstat(log.fd).st_blocks * 512


def numbered(start: int, end: int) -> bytes:
    """Bytes from ``start`` to ``end`` of a stream in which every byte tells its place; both multiples of 16."""
    return b"".join(b"%015d\n" % number for number in range(start // 16, end // 16))


def test_a_new_log_is_private_whatever_the_umask(tmp_path: Path):
    """Mode 0600, append-only, not inherited."""
    before = os.umask(0o777)
    try:
        with LogFile(str(tmp_path / "log")) as log:
            os.write(log.fd, b"a")
            os.lseek(log.fd, 0, os.SEEK_SET)
            os.write(log.fd, b"b")
            assert not os.get_inheritable(log.fd)
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600
    assert (tmp_path / "log").read_bytes() == b"ab"


def test_an_existing_log_is_appended_to(tmp_path: Path):
    """What is there stays, and so does its mode."""
    (tmp_path / "log").write_bytes(b"old")
    (tmp_path / "log").chmod(0o640)

    with LogFile(str(tmp_path / "log")) as log:
        os.write(log.fd, b"new")
        assert log.size() == 6

    assert (tmp_path / "log").read_bytes() == b"oldnew"
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o640


def make_link(path: Path) -> None:
    """A link to a file that exists."""
    (path.parent / "target").touch()
    path.symlink_to(path.parent / "target")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (make_link, "symbolic link"),
        (lambda path: path.symlink_to("nowhere"), "symbolic link"),
        (os.mkfifo, "no such device"),
        (Path.mkdir, "is a directory"),
        (lambda path: path.parent.joinpath("log").symlink_to("/dev/null"), "symbolic link"),
    ],
)
def test_what_is_not_a_regular_file_is_refused(tmp_path: Path, make, reason: str):
    """A link, a fifo or a directory in the place of a log is refused with a sentence, at once."""
    make(tmp_path / "log")

    with pytest.raises(StdioUnavailable, match=reason) as raised:
        LogFile(str(tmp_path / "log"))

    assert str(tmp_path / "log") == raised.value.path
    assert raised.value.hint


def test_a_fifo_with_a_reader_is_refused(tmp_path: Path):
    """Also a fifo that could be opened is not a log."""
    os.mkfifo(tmp_path / "log")
    reader = os.open(tmp_path / "log", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(StdioUnavailable, match="not a regular file"):
        LogFile(str(tmp_path / "log"))
    os.close(reader)


def test_a_log_in_no_directory_is_refused(tmp_path: Path):
    """A directory is not made for it."""
    with pytest.raises(StdioUnavailable, match="no such file"):
        LogFile(str(tmp_path / "no" / "log"))


def test_a_log_within_its_bound_is_left_alone(log: LogFile):
    """Nothing is cut that fits."""
    os.write(log.fd, bytes(MIB))

    assert log.enforce() is None
    assert log.cuts == []


def test_the_middle_goes_and_head_tail_size_and_offsets_stay(log: LogFile):
    """Disk use comes down to the limit; what is left is where it was."""
    data = numbered(0, 5 * MIB)
    os.write(log.fd, data)

    cut = log.enforce()

    assert cut is not None
    assert log.size() == 5 * MIB
    assert disk_bytes(log) <= MIB + SLACK_BYTES
    kept = Path(log.path).read_bytes()
    assert data[: cut.start] == kept[: cut.start]
    assert data[cut.end :] == kept[cut.end :]
    assert cut.start >= MIB // 2
    assert 5 * MIB - cut.end >= MIB // 2


def test_the_hole_moves_on_as_the_log_grows(log: LogFile):
    """Each call cuts only what is new; all cuts are one range that grows."""
    os.write(log.fd, bytes(5 * MIB))
    first = log.enforce()
    os.write(log.fd, bytes(3 * MIB))
    second = log.enforce()

    assert first is not None
    assert second is not None
    assert first.end == second.start
    assert [Cut(first.start, second.end)] == log.cuts
    assert disk_bytes(log) <= MIB + SLACK_BYTES


def test_the_cuts_of_an_earlier_run_are_gone_on_from(log: LogFile):
    """Given back at opening, cuts are neither forgotten nor made again."""
    os.write(log.fd, bytes(5 * MIB))
    first = log.enforce()
    assert first is not None

    with LogFile(log.path, MIB, cuts=log.cuts) as again:
        assert again.enforce() is None
        os.write(again.fd, bytes(MIB))
        second = again.enforce()

    assert second is not None
    assert first.end == second.start


def test_the_cut_is_told_before_it_is_made(log: LogFile):
    """Whoever stores cuts hears of each while the bytes are still there."""
    os.write(log.fd, b"x" * (5 * MIB))
    seen = []

    log.enforce(lambda cut: seen.append((cut, Path(log.path).read_bytes().count(0))))

    assert [(log.cuts[0], 0)] == seen


def test_the_bound_holds_while_a_child_writes_as_fast_as_it_can(log: LogFile):
    """A child that never stops talking stays within the limit and some slack, and never notices."""
    script = "import os\nfor _ in range(4000): os.write(1, bytes(65536))"
    child = subprocess.Popen([sys.executable, "-c", script], stdout=log.fd)
    most = 0
    while child.poll() is None:
        size = log.size()
        log.enforce()
        most = max(most, disk_bytes(log) - (log.size() - size))  # without what was written while we looked

    assert child.returncode == 0
    assert log.size() == 4000 * 65536
    log.enforce()
    assert disk_bytes(log) <= MIB + SLACK_BYTES
    assert most <= 2 * MIB


def test_a_file_that_cannot_be_cut_stays_whole(log: LogFile, monkeypatch: pytest.MonkeyPatch):
    """Where holes cannot be punched nothing is lost, nothing is said to be cut, and nobody tries again."""
    from procession.streams import log as module

    os.write(log.fd, b"x" * (5 * MIB))
    monkeypatch.setattr(module, "punch_hole", lambda *_: module.Punch.NOT_SUPPORTED)

    assert log.enforce() is None
    assert (log.cuts, log.can_cut) == ([], False)
    assert Path(log.path).read_bytes() == b"x" * (5 * MIB)


def test_merging_cuts():
    """Ranges that touch or overlap become one."""
    assert [Cut(0, 7), Cut(9, 10)] == merge_cuts([(9, 10), (2, 7), (0, 2), (3, 4), (8, 8)])


def test_a_limit_below_one_is_refused(tmp_path: Path):
    """A bound of nothing is a mistake."""
    with pytest.raises(ValueError, match="at least 1"):
        LogFile(str(tmp_path / "log"), 0)
