"""Moving what comes through a socket into a file: all of it, once, whoever is killed in between."""

import errno
import os
import signal
import socket

import pytest

from procession.ipc.intake import Intake, IntakeStuck


@pytest.fixture
def pair():
    """Give our end, non-blocking, and the other one."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def everything(intake, connection):
    """Receive what there is."""
    pieces = []
    while True:
        try:
            data = intake.receive(connection)
        except BlockingIOError:
            return b"".join(pieces)
        if not data:
            return b"".join(pieces) + b"<end>"
        pieces.append(data)


def test_what_comes_is_given_and_kept(pair, tmp_path):
    """The same bytes are given out and in the file, which is ours alone."""
    ours, theirs = pair
    intake = Intake(str(tmp_path / "m"), None)
    theirs.sendall(b"one\n" + b"x" * 100_000)
    assert everything(intake, ours) == b"one\n" + b"x" * 100_000
    theirs.sendall(b"\n")
    theirs.close()
    assert everything(intake, ours) == b"\n<end>"
    intake.close()

    assert (tmp_path / "m").read_bytes() == b"one\n" + b"x" * 100_000 + b"\n"
    assert (tmp_path / "m").stat().st_mode & 0o777 == 0o600


def test_a_new_attempt_begins_a_line_of_its_own(pair, tmp_path):
    """What an earlier attempt left unfinished is not glued to what comes next, nor given out."""
    ours, theirs = pair
    (tmp_path / "m").write_bytes(b"old\nhalf")
    intake = Intake(str(tmp_path / "m"), None)
    theirs.sendall(b"new\n")
    assert everything(intake, ours) == b"new\n"
    intake.close()

    assert (tmp_path / "m").read_bytes() == b"old\nhalf\nnew\n"


def test_the_next_one_goes_on(pair, tmp_path):
    """What is in the file and was not taken note of is given again, and what is still in the pipe is not lost."""
    ours, theirs = pair
    first = Intake(str(tmp_path / "m"), None)
    theirs.sendall(b"one\ntwo\n")
    assert everything(first, ours) == b"one\ntwo\n"
    theirs.sendall(b"three\n")
    assert os.splice(ours.fileno(), first._entry, 100) == 6  # and killed here
    pipe = os.dup(first.pipe)
    first.close()
    theirs.sendall(b"four\n")

    second = Intake(str(tmp_path / "m"), None, read_from=4, pipe=pipe)
    assert second.has_more
    assert everything(second, ours) == b"two\nthree\nfour\n"
    assert not second.has_more
    second.close()
    assert (tmp_path / "m").read_bytes() == b"one\ntwo\nthree\nfour\n"


def test_a_full_disk_loses_nothing(pair, tmp_path):
    """While the file cannot be written it is said, and the bytes wait."""
    ours, theirs = pair
    intake = Intake(str(tmp_path / "m"), None)
    theirs.sendall(b"one\n")
    limit = limit_files(2)
    try:
        with pytest.raises(IntakeStuck) as caught:
            intake.receive(ours)
        assert caught.value.error.errno == errno.EFBIG
    finally:
        limit()
    theirs.sendall(b"two\n")
    assert everything(intake, ours) == b"one\ntwo\n"
    intake.close()

    assert (tmp_path / "m").read_bytes() == b"one\ntwo\n"


def test_only_the_last_bytes_are_kept(pair, tmp_path):
    """The beginning is given back to the disk; offsets stay."""
    ours, theirs = pair
    intake = Intake(str(tmp_path / "m"), 200_000)
    for number in range(40):
        theirs.sendall(b"%d" % (number % 10) * 50_000)
        everything(intake, ours)
    intake.close()

    facts = (tmp_path / "m").stat()
    assert facts.st_size == 2_000_000
    assert facts.st_blocks * 512 < 400_000
    assert (tmp_path / "m").read_bytes()[-200_000:] == b"6" * 50_000 + b"7" * 50_000 + b"8" * 50_000 + b"9" * 50_000


def test_where_nothing_can_be_spliced_it_is_copied(pair, tmp_path, monkeypatch):
    """A file system without splice takes copies."""
    ours, theirs = pair
    real = os.splice

    def refuse(source, target, count, **options):
        if "offset_dst" in options:
            raise OSError(errno.EINVAL, "no splice here")
        return real(source, target, count, **options)

    monkeypatch.setattr(os, "splice", refuse)
    intake = Intake(str(tmp_path / "m"), None)
    for _ in range(3):
        theirs.sendall(b"x" * 70_000)
        assert everything(intake, ours) == b"x" * 70_000
    intake.close()

    assert (tmp_path / "m").read_bytes() == b"x" * 210_000


def test_nothing_but_a_file_is_written(tmp_path):
    """A link leads nowhere, and nothing is left open."""
    (tmp_path / "m").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        Intake(str(tmp_path / "m"), None)


def limit_files(size_bytes):
    """Let no file of this process grow beyond a size; give the way back."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))

    def undo():
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)

    return undo
