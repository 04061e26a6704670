"""inotify: being told of changes, in the event loop, without looking."""

import asyncio
import errno
import fcntl
import os
from pathlib import Path

import pytest

from procession.kernel.inotify import IN_CREATE, IN_IGNORED, IN_MODIFY, IN_Q_OVERFLOW, Inotify, InotifyEvent


def test_reading_an_empty_queue_returns_at_once():
    """Nothing happened: an empty list, no waiting."""
    with Inotify() as inotify:
        assert inotify.read() == []


def test_the_descriptor_is_not_inherited_and_does_not_block():
    """A child does not get the descriptor, and no read of it can hold up the loop."""
    with Inotify() as inotify:
        assert not os.get_inheritable(inotify.fd)
        assert fcntl.fcntl(inotify.fd, fcntl.F_GETFL) & os.O_NONBLOCK


def test_a_write_is_told(tmp_path: Path):
    """A write to a watched file gives one event with its watch descriptor."""
    path = tmp_path / "log"
    path.touch()
    with Inotify() as inotify:
        wd = inotify.add(path, IN_MODIFY)

        path.write_bytes(b"x")

        assert InotifyEvent(wd, IN_MODIFY, 0, "") in inotify.read()


@pytest.mark.parametrize("name", ["a", "fifteen letters", "sixteen letters!", "ü" * 100, "\udcff"])
def test_a_new_name_in_a_directory_is_told(tmp_path: Path, name: str):
    """The name comes whole, whatever the kernel's padding, even when it is not valid UTF-8."""
    with Inotify() as inotify:
        inotify.add(tmp_path, IN_CREATE)

        (tmp_path / name).touch()

        assert [name] == [event.name for event in inotify.read()]


def test_a_removed_watch_is_silent(tmp_path: Path):
    """After remove, writes are not told; removing again is an error."""
    path = tmp_path / "log"
    path.touch()
    with Inotify() as inotify:
        wd = inotify.add(path, IN_MODIFY)
        inotify.remove(wd)
        path.write_bytes(b"x")

        assert [event.mask for event in inotify.read()] == [IN_IGNORED]
        with pytest.raises(OSError, match="Invalid"):
            inotify.remove(wd)


def test_a_missing_path_is_named(tmp_path: Path):
    """Watching what does not exist raises ENOENT with the path."""
    with Inotify() as inotify, pytest.raises(FileNotFoundError) as raised:
        inotify.add(tmp_path / "nothing", IN_MODIFY)

    assert raised.value.errno == errno.ENOENT
    assert str(tmp_path / "nothing") == raised.value.filename


def test_a_full_queue_is_visible(tmp_path: Path):
    """When the kernel drops events it says so, and the event says that of itself."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 100_000:
        pytest.skip("the queue of this machine is too long to fill")
    first, second = os.open(tmp_path / "a", os.O_CREAT | os.O_WRONLY), os.open(tmp_path / "b", os.O_CREAT | os.O_WRONLY)
    with Inotify() as inotify:
        inotify.add(tmp_path, IN_MODIFY)
        for _ in range(limit // 2 + 2):  # two files in turn: identical neighbours would be merged
            os.write(first, b"x")
            os.write(second, b"x")
        events = []
        while more := inotify.read():
            events += more
    os.close(first)
    os.close(second)

    assert [InotifyEvent(-1, IN_Q_OVERFLOW, 0, "")] == [event for event in events if event.is_overflow]


async def test_wait_wakes_with_the_event(tmp_path: Path):
    """The loop goes on while somebody waits, and the waiter gets what happened."""
    path = tmp_path / "log"
    path.touch()
    with Inotify() as inotify:
        inotify.add(path, IN_MODIFY)
        waiting = asyncio.ensure_future(inotify.wait())
        await asyncio.sleep(0)
        path.write_bytes(b"x")

        assert (await waiting)[0].mask == IN_MODIFY


async def test_a_cancelled_wait_leaves_no_reader():
    """Cancelling takes the descriptor out of the loop again."""
    with Inotify() as inotify:
        waiting = asyncio.ensure_future(inotify.wait())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])

        assert not asyncio.get_running_loop().remove_reader(inotify.fd)


def test_closing_twice_is_allowed():
    """The second close does nothing, and closes nobody else's descriptor."""
    inotify = Inotify()
    inotify.close()
    inotify.close()
    assert inotify.fd == -1
