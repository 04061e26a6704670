"""Following a log: every byte, at once, from any offset, and no zeros where something was cut."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from procession.streams import log_piece, watch
from procession.streams.follow import follow
from procession.streams.log import Cut, LogFile
from procession.streams.log_piece import PIECE_BYTES, Piece, no_cuts, read_piece

MIB = 1 << 20
WRITER = """
import os, sys
for number in range(int(sys.argv[1])):
    os.write(1, b"%07d\\n" % number)
"""


def ended() -> asyncio.Event:
    """A writer that is done already."""
    done = asyncio.Event()
    done.set()
    return done


async def collect(pieces: AsyncIterator[Piece]) -> bytes:
    """All data, after checking that the offsets are without seam."""
    data = b""
    async for piece in pieces:
        assert len(data) == piece.offset
        data += piece.data
    return data


async def end_of(child: subprocess.Popen[bytes], done: asyncio.Event) -> None:
    """Set ``done`` when ``child`` has ended."""
    ended, pidfd = asyncio.Event(), os.pidfd_open(child.pid)
    asyncio.get_running_loop().add_reader(pidfd, ended.set)
    await ended.wait()
    asyncio.get_running_loop().remove_reader(pidfd)
    os.close(pidfd)
    child.wait()
    done.set()


async def test_an_ended_log_is_read_to_its_end(tmp_path: Path):
    """With the writer done, the log comes in pieces of bounded size and the iteration ends."""
    data = bytes(range(256)) * 4096
    (tmp_path / "log").write_bytes(data)

    pieces = [piece async for piece in follow(str(tmp_path / "log"), done=ended())]

    assert data == b"".join(piece.data for piece in pieces)
    assert [len(piece.data) for piece in pieces] == [PIECE_BYTES] * 4


@pytest.mark.parametrize("offset", [0, 1, 7, 11, 12, 100])
async def test_any_offset_is_a_resume_token(tmp_path: Path, offset: int):
    """Following goes on where the last piece ended; beyond the end there is nothing."""
    (tmp_path / "log").write_bytes(b"hello, world")

    pieces = [piece async for piece in follow(str(tmp_path / "log"), offset, done=ended())]

    assert [Piece(offset, b"hello, world"[offset:])] * (offset < 12) == pieces
    assert all(piece.end == 12 for piece in pieces)


async def test_what_is_written_is_seen_at_once(tmp_path: Path):
    """Each write is delivered without waiting for another or for the end."""
    with LogFile(str(tmp_path / "log")) as log:
        async with contextlib.aclosing(follow(log.path)) as pieces:
            for number in range(20):
                os.write(log.fd, b"%d" % (number % 10))
                async with asyncio.timeout(2):
                    assert Piece(number, b"%d" % (number % 10)) == await anext(pieces)


async def test_no_byte_of_a_talkative_child_is_lost(tmp_path: Path):
    """A child writes while we follow: every line once, in order, and the end is the end."""
    done = asyncio.Event()
    with LogFile(str(tmp_path / "log")) as log:
        child = subprocess.Popen([sys.executable, "-c", WRITER, "30000"], stdout=log.fd)
        _, data = await asyncio.gather(end_of(child, done), collect(follow(log.path, done=done)))

    assert b"".join(b"%07d\n" % number for number in range(30000)) == data


async def test_many_followers_share_one_descriptor(tmp_path: Path):
    """150 followers, more than a user's inotify instances: each gets everything, and one descriptor serves all."""
    paths = [tmp_path / str(number % 75) for number in range(150)]
    done = asyncio.Event()
    following = [asyncio.ensure_future(collect(follow(str(path), done=done))) for path in paths]
    await asyncio.sleep(0)
    for path in set(paths):
        path.write_bytes(path.name.encode())
    await asyncio.sleep(0)
    inotifies = [fd for fd in os.listdir("/proc/self/fd") if "inotify" in read_link(f"/proc/self/fd/{fd}")]
    done.set()

    assert [path.name.encode() for path in paths] == await asyncio.gather(*following)
    assert len(inotifies) == 1


def read_link(path: str) -> str:
    """Where a descriptor leads, nothing if it is closed."""
    with contextlib.suppress(OSError):
        return os.readlink(path)
    return ""


async def test_a_log_that_does_not_exist_yet_is_waited_for(tmp_path: Path):
    """Following may begin before the writer has made the file."""
    async with contextlib.aclosing(follow(str(tmp_path / "log"))) as pieces:
        first = asyncio.ensure_future(anext(pieces))
        await asyncio.sleep(0.01)
        (tmp_path / "other").write_bytes(b"no")
        (tmp_path / "log").write_bytes(b"")
        await asyncio.sleep(0.01)
        with (tmp_path / "log").open("ab") as file:
            file.write(b"yes")
            file.flush()
            assert Piece(0, b"yes") == await first


async def test_a_log_that_never_exists_ends_with_its_writer(tmp_path: Path):
    """Done before the file was made: nothing, and no waiting."""
    done = asyncio.Event()
    following = asyncio.ensure_future(collect(follow(str(tmp_path / "log"), done=done)))
    await asyncio.sleep(0.01)
    done.set()

    assert await following == b""


async def test_a_log_in_no_directory_is_an_error(tmp_path: Path):
    """There is nothing to wait in."""
    with pytest.raises(FileNotFoundError):
        await anext(follow(str(tmp_path / "no" / "log")))


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("/etc/passwd"), os.mkfifo, Path.mkdir])
async def test_only_regular_files_are_followed(tmp_path: Path, make: Callable[[Path], Any]):
    """A link, a fifo or a directory is an error at once."""
    make(tmp_path / "log")
    with pytest.raises(OSError, match=r"symbolic|regular"):
        await anext(follow(str(tmp_path / "log")))


async def test_a_deleted_log_is_followed_to_its_end(tmp_path: Path):
    """The file is followed, not its name: what is written after an unlink still comes."""
    done = asyncio.Event()
    with LogFile(str(tmp_path / "log")) as log:
        async with contextlib.aclosing(follow(log.path, done=done)) as pieces:
            os.write(log.fd, b"a")
            assert Piece(0, b"a") == await anext(pieces)
            os.unlink(log.path)
            os.write(log.fd, b"b")
            assert Piece(1, b"b") == await anext(pieces)
            done.set()
            assert [piece async for piece in pieces] == []


async def test_cancelling_gives_everything_back(
    tmp_path: Path, wait_until: Callable[..., Awaitable[Any]], monkeypatch: pytest.MonkeyPatch
):
    """A cancelled follower leaves no descriptor and no task, whether it waited for the file or for more of it."""
    monkeypatch.setattr(watch, "_LINGER_S", 0.0)
    (tmp_path / "log").touch()
    before = set(os.listdir("/proc/self/fd"))
    waiting = [asyncio.ensure_future(collect(follow(str(tmp_path / name)))) for name in ("log", "no")]
    waiting += [
        asyncio.ensure_future(collect(follow(str(tmp_path / name), done=asyncio.Event()))) for name in ("log", "no")
    ]
    await wait_until(lambda: len(os.listdir("/proc/self/fd")) >= len(before) + 3)
    for each in waiting:
        each.cancel()
    await asyncio.wait(waiting)

    await wait_until(lambda: before == set(os.listdir("/proc/self/fd")))


async def test_a_cut_is_one_gap_and_never_zeros(tmp_path: Path):
    """A reader that comes to a punched range gets its size once, and goes on behind it."""
    with LogFile(str(tmp_path / "log"), MIB) as log:
        os.write(log.fd, b"x" * (4 * MIB))
        log.enforce()
        (cut,) = log.cuts
        inside = cut.start + 12345

        whole = [piece async for piece in follow(log.path, done=ended(), cuts=lambda: log.cuts)]
        late = [piece async for piece in follow(log.path, inside, done=ended(), cuts=lambda: log.cuts)]

    assert [Piece(cut.start, b"", cut.end - cut.start)] == [piece for piece in whole if piece.gap_bytes]
    assert {b"x"[0]} == set(b"".join(piece.data for piece in whole))
    assert whole[-1].end == 4 * MIB
    assert Piece(inside, b"", cut.end - inside) == late[0]


async def test_following_a_log_that_is_cut_all_the_time(tmp_path: Path, wait_until: Callable[..., Awaitable[Any]]):
    """The writer is fast, the bound is tight, the reader slow: gaps and true bytes, in order, and no zeros."""
    done = asyncio.Event()
    with LogFile(str(tmp_path / "log"), MIB) as log:
        child = subprocess.Popen([sys.executable, "-c", WRITER, "400000"], stdout=log.fd)
        ending = asyncio.ensure_future(end_of(child, done))
        await wait_until(lambda: log.size() > 2 * MIB)
        offset, gaps = 0, 0
        async for piece in follow(log.path, done=done, cuts=lambda: log.cuts):
            assert offset == piece.offset
            assert 0 not in piece.data
            for start in range((-offset) % 8, len(piece.data) - 7, 8):
                assert b"%07d\n" % ((offset + start) // 8) == piece.data[start : start + 8]
            offset, gaps = piece.end, gaps + piece.gap_bytes
            log.enforce()
        await ending

    assert offset == 400000 * 8
    assert gaps > 0


@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        (Cut(0, 8), Piece(0, b"", 8)),
        (Cut(4, 8), Piece(0, b"abcd")),
        (Cut(20, 24), Piece(0, b"abcdefghij")),
    ],
)
def test_a_hole_punched_while_reading_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: Cut, expected: Piece
):
    """The cuts are asked for again after the read: what may be zeros is not handed out."""
    cuts: list[Cut] = []
    fd = os.open(tmp_path / "log", os.O_CREAT | os.O_RDWR)
    os.write(fd, b"abcdefghij")

    def pread(*arguments: int) -> bytes:
        cuts.append(cut)
        return os.pread(*arguments)

    class Racing:
        """The module os, in which every read loses a race against a hole."""

    monkeypatch.setattr(Racing, "pread", staticmethod(pread), raising=False)
    monkeypatch.setattr(log_piece, "os", Racing)
    assert expected == read_piece(fd, 0, lambda: cuts)
    os.close(fd)


def test_reading_stops_at_the_given_end(tmp_path: Path):
    """Pieces and gaps are cut off there."""
    fd = os.open(tmp_path / "log", os.O_CREAT | os.O_RDWR)
    os.write(fd, b"abcdefghij")

    assert Piece(2, b"cde") == read_piece(fd, 2, no_cuts, end=5)
    assert Piece(2, b"", 3) == read_piece(fd, 2, lambda: [Cut(0, 9)], end=5)
    assert read_piece(fd, 5, no_cuts, end=5) is None
    os.close(fd)
