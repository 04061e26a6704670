"""The shelf keeps the last few checkpoints of each task, whoever puts them there at once, and loses nothing."""

import os
import threading

import pytest

from procession.checkpoint.shelf import Shelf
from procession.errors import InvalidCheckpoint, InvalidTask


def test_the_last_few_are_kept(shelf, make):
    """The newest first; each task has its own."""
    for number in range(1, 6):
        shelf.put(make(number), 3)
    shelf.put(make(1, task="t2"))

    assert [each.number for each in shelf.read("t1")] == [5, 4, 3]
    assert [each.number for each in shelf.read("t2")] == [1]
    assert shelf.read("t3") == []


def test_an_old_one_that_comes_late(shelf, make):
    """It takes its place, or none; of two with the same number the later one counts."""
    for number in (9, 8, 6, 7, 1):
        shelf.put(make(number), 3)
    shelf.put(make(8, reason="again"), 3)

    assert [(each.number, each.reason) for each in shelf.read("t1")] == [(9, "r"), (8, "again"), (7, "r")]


def test_threads_at_once(shelf, make, complaints):
    """Puts of one task from many threads: the highest numbers stay, and whoever reads meanwhile sees whole files."""
    start = threading.Barrier(5)
    seen = []

    def put_all(first):
        start.wait()
        for number in range(first, 41, 4):
            shelf.put(make(number), 3)

    def read_on():
        start.wait()
        while not seen or seen[-1] < 40:
            seen.append(max((each.number for each in shelf.read("t1")), default=0))

    threads = [threading.Thread(target=put_all, args=(first,)) for first in range(1, 5)]
    threads.append(threading.Thread(target=read_on))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert [each.number for each in shelf.read("t1")] == [40, 39, 38]
    assert seen == sorted(seen)
    assert complaints == []


def test_a_bad_file_is_set_aside(shelf, make, complaints, tmp_path):
    """It is told where it is now and why; the next checkpoint finds its place free."""
    bad = tmp_path / "t1.json"
    bad.write_text("torn")
    assert shelf.read("t1") == []
    os.symlink("/etc/passwd", bad)
    shelf.put(make(1))

    assert complaints == [(f"{bad}.bad-1", "it is no JSON"), (f"{bad}.bad-2", "it is a symbolic link")]
    assert (tmp_path / "t1.json.bad-1").read_text() == "torn"
    assert shelf.read("t1") == [make(1)]


def test_nobody_need_listen(tmp_path):
    """Without a callback bad files are set aside all the same."""
    (tmp_path / "t1.json").write_text("torn")

    assert Shelf(str(tmp_path)).read("t1") == []
    assert os.listdir(tmp_path) == ["t1.json.bad-1"]


def test_they_are_removed(shelf, make, complaints, tmp_path):
    """With their task; what was never there is no error, and what is no file is set aside."""
    shelf.put(make(1))
    shelf.remove("t1")
    shelf.remove("t1")
    assert os.listdir(tmp_path) == []

    (tmp_path / "t1.json").mkdir()
    shelf.remove("t1")
    assert [reason for _, reason in complaints] == ["it is no plain file"]


def test_what_is_too_large_changes_nothing(shelf, make):
    """It is refused, and what is there stays."""
    shelf.put(make(1))
    with pytest.raises(InvalidCheckpoint):
        shelf.put(make(2, metadata={"k": "x" * (1 << 20)}))

    assert shelf.read("t1") == [make(1)]


def test_what_was_left_unfinished_is_swept(shelf, tmp_path):
    """After a while: what is young may still be written."""
    old, young = tmp_path / "t1.json.1.aa.tmp", tmp_path / "t1.json.2.bb.tmp"
    old.touch()
    young.touch()
    os.utime(old, (0, 0))
    shelf.sweep()

    assert os.listdir(tmp_path) == [young.name]


def test_a_file_lags_behind_what_is_newer_than_all_in_it(shelf, make):
    """Also one that is not there; where nothing is kept, nothing lags."""
    for number in (1, 2):
        shelf.put(make(number))

    assert [shelf.lags_behind(make(number)) for number in (1, 2, 3)] == [False, False, True]
    assert shelf.lags_behind(make(1, task="t2"))
    assert not Shelf(None).lags_behind(make(1))


def test_a_file_that_lags_behind_is_brought_up(shelf, make):
    """It has all that is to be kept, and no more; what was put there meanwhile, and is newer, stays."""
    for number in (1, 2, 3):
        shelf.put(make(number))
    shelf.catch_up([make(number) for number in (6, 5, 4)])
    assert [each.number for each in shelf.read("t1")] == [6, 5, 4]

    shelf.put(make(9))
    shelf.catch_up([make(number) for number in (8, 7, 6)])
    assert [each.number for each in shelf.read("t1")] == [9, 8, 7]

    shelf.catch_up([make(2, task="t2"), make(1, task="t2")])
    assert [each.number for each in shelf.read("t2")] == [2, 1]


def test_without_a_directory(make):
    """Nothing is kept, and nothing fails."""
    shelf = Shelf(None)
    shelf.put(make(1))
    shelf.catch_up([make(1)])
    shelf.remove("t1")
    shelf.sweep()

    assert shelf.read("t1") == []
    assert shelf.path_of("t1") is None


def test_a_directory_that_is_gone(make, tmp_path):
    """It is told, not hidden."""
    with pytest.raises(FileNotFoundError):
        Shelf(str(tmp_path / "gone")).put(make(1))


def test_a_name_that_is_none(shelf):
    """It leads nowhere."""
    with pytest.raises(InvalidTask):
        shelf.read("../x")
