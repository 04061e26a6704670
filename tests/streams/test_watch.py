"""Waiting for files: shared, never missing a wake-up."""

import asyncio
import contextlib
import os
from pathlib import Path

import pytest

from procession.kernel.inotify import IN_CREATE, IN_Q_OVERFLOW, Inotify, InotifyEvent
from procession.streams.watch import Watch, wake_when, watch_directory, watch_file


@pytest.fixture
def fd(tmp_path: Path):
    """An open file."""
    fd = os.open(tmp_path / "file", os.O_CREAT | os.O_RDWR)
    yield fd
    os.close(fd)


async def test_everyone_who_watches_a_file_is_woken(fd: int, tmp_path: Path):
    """Two watches of one file, also through different descriptors, and one that left."""
    first, second, left = asyncio.Event(), asyncio.Event(), asyncio.Event()
    other = os.open(tmp_path / "file", os.O_RDONLY)
    with watch_file(fd, first), watch_file(other, second):
        with watch_file(fd, left):
            pass
        os.write(fd, b"x")
        await asyncio.gather(first.wait(), second.wait())
    os.close(other)

    assert not left.is_set()


async def test_a_flood_does_not_hide_the_last_write(fd: int):
    """Also while it rests between two looks, the last write wakes us."""
    wake = asyncio.Event()
    with watch_file(fd, wake):
        for _ in range(20):
            os.write(fd, b"x")
            async with asyncio.timeout(2):
                await wake.wait()
            wake.clear()


async def test_who_is_told_may_close_everything(fd: int):
    """A watch may be closed by its own call, the last one too; the next one begins anew."""
    told = asyncio.Event()

    def hear() -> None:
        watch.close()
        told.set()

    for _ in range(3):
        told.clear()
        watch = Watch.of_file(fd, hear)
        os.write(fd, b"x")
        async with asyncio.timeout(2):
            await told.wait()
        watch.close()


async def test_a_crowd_is_heard_to_the_last(tmp_path: Path):
    """Of many files that change again and again, the last write of each is heard."""
    sizes: dict[int, int] = {}
    with contextlib.ExitStack() as opened:
        for number in range(50):
            file = opened.enter_context((tmp_path / str(number)).open("wb", buffering=0))
            fd = file.fileno()
            watch = Watch.of_file(fd, lambda fd=fd: sizes.update({fd: os.fstat(fd).st_size}))  # type: ignore[misc]
            opened.callback(watch.close)
            sizes[fd] = 0
        for _ in range(10):
            for fd in sizes:
                os.write(fd, b"x")
            await asyncio.sleep(0.003)
        async with asyncio.timeout(5):
            while set(sizes.values()) != {10}:
                await asyncio.sleep(0.005)


async def test_an_overflow_wakes_everyone(fd: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """When the kernel dropped events, everybody looks again."""
    file, folder = asyncio.Event(), asyncio.Event()
    read = Inotify.read
    monkeypatch.setattr(Inotify, "read", lambda self: [InotifyEvent(-1, IN_Q_OVERFLOW, 0, "")] * bool(read(self)))
    with watch_file(fd, file), watch_directory(tmp_path, folder):
        os.write(fd, b"x")
        await asyncio.gather(file.wait(), folder.wait())


async def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path):
    """And leaves nothing open."""
    with pytest.raises(FileNotFoundError), watch_directory(tmp_path / "no", asyncio.Event()):
        pass


async def test_a_condition_wakes_like_a_write():
    """One wait serves for both, also when the condition was met before."""
    done, wake = asyncio.Event(), asyncio.Event()
    done.set()
    async with wake_when(done, wake), wake_when(None, wake):
        await wake.wait()


async def test_a_watch_whose_directory_went_does_not_unhinge_those_that_came_later(
    fd: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The descriptor it was heard through is closed by then; all others still share one."""
    monkeypatch.setattr("procession.streams.watch._LINGER_S", 0.01)
    (tmp_path / "directory").mkdir()
    wake, before = asyncio.Event(), _inotify_descriptors()
    old = Watch(os.fspath(tmp_path / "directory"), IN_CREATE, wake.set)
    (tmp_path / "directory").rmdir()
    await wake.wait()
    Watch.of_file(fd, wake.set).close()
    while _inotify_descriptors() != before:
        await asyncio.sleep(0.01)

    with contextlib.closing(Watch.of_file(fd, wake.set)):
        old.close()
        await asyncio.sleep(0.05)
        with contextlib.closing(Watch(os.fspath(tmp_path), IN_CREATE, wake.set)):
            assert _inotify_descriptors() == before + 1


def _inotify_descriptors() -> int:
    targets = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            targets.append(os.readlink(f"/proc/self/fd/{name}"))
    return targets.count("anon_inode:inotify")
