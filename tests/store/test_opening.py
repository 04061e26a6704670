"""Files that cannot be opened are a sentence each, and stay as they were."""

import os
import signal
import sqlite3
import subprocess

import pytest

from procession.errors import StoreUnavailable
from procession.store.store import Store


def refusal(path, **options) -> StoreUnavailable:
    """Give the error of opening ``path``."""
    with pytest.raises(StoreUnavailable) as caught:
        Store(path, **options)
    assert caught.value.path == str(path)
    assert caught.value.hint
    return caught.value


def test_a_file_that_is_no_database(path):
    """Another file is refused and not touched."""
    path.write_bytes(b"my diary, not yours\n" * 100)

    assert refusal(path).reason == "it is no database"
    assert path.read_bytes() == b"my diary, not yours\n" * 100


def test_a_database_of_another_program(path):
    """Another program's database is refused and not touched."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE song (title)")
    connection.close()
    before = path.read_bytes()

    assert refusal(path).reason == "it is a database of another program"
    assert path.read_bytes() == before


def test_a_file_that_is_damaged(path, store, make_record):
    """A file of ours that was cut or overwritten is a sentence when it is opened or read."""
    for number in range(1, 200):
        store.add_task(make_record(number))
    store.commit()
    store.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(20 * 4096))

    with pytest.raises(StoreUnavailable, match="it is damaged"), Store(path) as again:
        again.views()


def test_two_writers(path, store):
    """A second writer is refused, a reader is not; when the first has gone, the next may write."""
    assert refusal(path).reason == "another process writes it"
    Store(path, read_only=True).close()
    store.close()
    Store(path).close()


def test_a_writer_that_was_killed_is_no_writer(path, children, python):
    """The lock of a writer goes with it."""
    with subprocess.Popen([python, children / "writes_a_store.py", path], stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        assert refusal(path).reason == "another process writes it"
        writer.send_signal(signal.SIGKILL)
    Store(path).close()


def test_no_place_for_it(tmp_path):
    """A folder that is not there, or is where the file should be, is a sentence."""
    assert refusal(tmp_path / "none" / "store.db").reason == "no such file or directory"
    (tmp_path / "folder.db").mkdir()
    assert refusal(tmp_path / "folder.db").reason == "it cannot be opened"


def test_nothing_to_read(path):
    """Who only reads makes no file."""
    assert refusal(path, read_only=True).reason == "it cannot be opened"
    assert not path.exists()


def test_a_reader_cannot_write(path, store, make_event):
    """A store that was opened for reading refuses to commit."""
    with Store(path, read_only=True) as reader:
        reader.add_event(make_event())
        with pytest.raises(StoreUnavailable, match="for reading only"):
            reader.commit()


def test_a_folder_that_may_not_be_written(path, children, python):
    """In a folder without the right to write there is no writer, and a sentence about it."""
    Store(path).close()
    os.chmod(path.parent, 0o555)
    try:
        ran = subprocess.run([python, children / "opens_a_store.py", path], capture_output=True, text=True)
    finally:
        os.chmod(path.parent, 0o755)

    assert ran.stdout.strip() in ("permission denied", "it may not be written"), ran.stderr
