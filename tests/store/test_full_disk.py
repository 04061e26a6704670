"""A store that cannot be written says so, keeps what it has, and writes it later."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from procession.errors import StoreUnavailable
from procession.model.record import Phase
from procession.store.store import Store


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB; the test is skipped where none can be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount: {mounted.stderr.decode()}")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.root
def test_a_full_disk(small_disk, make_record, make_attempt, make_event):
    """With no room left commits fail with a sentence; with room again one commit writes all there is, in order."""
    told = []
    with Store(small_disk / "store.db") as store:
        store.on_commit = told.extend
        store.add_task(make_record(1))
        store.add_event(make_event("t1"))
        store.commit()
        fill(small_disk / "filler")
        for key in range(1, 4):
            store.put_attempt(make_attempt(key, "t1", Phase.EXITED))
            for _ in range(200):
                store.add_event(make_event("t1"))
            with pytest.raises(StoreUnavailable) as caught:
                store.commit()
        assert caught.value.reason in ("its disk is full", "its disk cannot be read or written")
        assert store.failure == caught.value.reason
        assert store.is_failing
        assert store.has_uncommitted
        assert store.attempts("t1") == []
        assert [seq for seq, _ in store.events(0)] == [seq for seq, _ in told] == [1]

        (small_disk / "filler").unlink()
        store.commit()

        assert (store.is_failing, store.failure, store.has_uncommitted) == (False, None, False)
        assert [attempt.key for attempt in store.attempts("t1")] == [1, 2, 3]
        assert [seq for seq, _ in store.events(0)] == [seq for seq, _ in told] == list(range(1, 602))


def test_a_file_that_may_not_be_written_any_more(store, make_event):
    """The same while SQLite takes the file for read-only."""
    # The kernel makes no file system read-only while a file on it is open for writing: this is the nearest.
    store._connection.execute("PRAGMA query_only = ON")
    for number in (1, 2):
        assert store.add_event(make_event()) == number
        with pytest.raises(StoreUnavailable, match="may not be written"):
            store.commit()
    assert store.is_failing
    store._connection.execute("PRAGMA query_only = OFF")
    store.commit()

    assert [seq for seq, _ in store.events(0)] == [1, 2]


def test_a_limit_on_the_size_of_files(path, children, python):
    """A process that may not let files grow keeps its events, and writes them when it may."""
    ran = subprocess.run([python, children / "may_write_little.py", path], capture_output=True, text=True)

    assert ran.stderr == ""
    failure, kept = ran.stdout.splitlines()
    assert failure in ("its disk is full", "its disk cannot be read or written")
    assert int(kept) == 5000
    with Store(path) as store:
        assert [seq for seq, _ in store.events(0, limit=10_000)] == list(range(1, 5001))


def test_somebody_else_holds_it(path, store, make_event):
    """A commit does not wait for a person with a shell in the file for long, and comes later."""
    store.add_event(make_event())
    stranger = sqlite3.connect(path, isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="somebody else holds it"):
        store.commit()
    stranger.execute("ROLLBACK")
    stranger.close()
    store.commit()

    assert store.event_bounds() == (1, 1)


def fill(path: Path) -> None:
    """Write until there is no room, to the last byte."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (65536, 4096, 1):
            try:
                while True:
                    os.write(descriptor, bytes(size))
            except OSError:
                continue
    finally:
        os.close(descriptor)
