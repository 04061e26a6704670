"""Reading and awaiting markers, whoever wrote them and however."""

import asyncio
import json
import os
import pickle

import pytest

from procession import InvalidMarker, InvalidTask, Marker, OutcomeKind, wait_marker, wait_marker_blocking
from procession.ipc.marker import SIZE_LIMIT_BYTES, marker_path, read_marker
from procession.kernel.whole_file import write_whole


def write(directory, task="build", **content):
    """Write a marker as `done` does."""
    write_whole(str(directory / f"{task}.done"), json.dumps({"task": task} | content).encode())


async def waiting(directory, task="build", **options):
    """Begin to wait, and come back when the wait has begun."""
    wait = asyncio.ensure_future(wait_marker(task, directory=directory, **options))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return wait


async def test_one_that_is_there_already(tmp_path):
    """It is given at once, with all it says."""
    write(tmp_path, attempt=2, outcome="failed", result={"a": [1, None]}, timestamp=5.5)
    marker = await wait_marker("build", directory=tmp_path)

    assert marker == Marker(task="build", attempt=2, outcome=OutcomeKind.FAILED, result={"a": [1, None]}, timestamp=5.5)
    assert not marker.ok


async def test_one_that_comes(tmp_path):
    """It is given when it has its name, whatever else comes before."""
    wait = await waiting(tmp_path)
    write(tmp_path, "other", result=0)
    write(tmp_path, result=1)

    assert (await asyncio.wait_for(wait, 10)).result == 1


async def test_one_that_is_replaced(tmp_path):
    """Whoever knows one waits for another; the same words again are no news."""
    write(tmp_path, result=1)
    first = await wait_marker("build", directory=tmp_path)
    wait = await waiting(tmp_path, after=first)
    write(tmp_path, result=1)
    write(tmp_path, result=2)

    assert (await asyncio.wait_for(wait, 10)).result == 2


async def test_its_directory_comes_goes_and_comes_again(tmp_path):
    """There need be nothing yet, and what was there may be removed meanwhile."""
    directory = tmp_path / "a" / "b"
    wait = await waiting(directory)
    directory.mkdir(parents=True)
    await asyncio.sleep(0.05)  # it may look into the new one, or not yet
    directory.rmdir()
    directory.mkdir()
    write(directory, result="here")

    assert (await asyncio.wait_for(wait, 10)).result == "here"


async def test_one_that_a_shell_writes_slowly(tmp_path):
    """Half a marker is no marker: it is read when it is whole."""
    path = tmp_path / "build.done"
    path.write_text('{"task": "bu')
    wait = await waiting(tmp_path)
    with path.open("a") as file:
        file.write('ild", "result": 7}')

    assert (await asyncio.wait_for(wait, 10)).result == 7


FOREIGN = {
    "torn": b'{"task": "build", ',
    "empty": b"",
    "no object": b"[1]",
    "no text": b"\xff",
    "deep": b"[" * 100_000,
    "of another": b'{"task": "other"}',
    "of nobody": b"{}",
    "an outcome that is none": b'{"task": "build", "outcome": "great"}',
    "a number that is none": b'{"task": "build", "result": NaN}',
    "huge": b'{"task": "build", "result": "' + b"x" * SIZE_LIMIT_BYTES + b'"}',
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
async def test_what_cannot_be_trusted_is_told(tmp_path, content):
    """It is an error that names the file and the reason, and travels."""
    (tmp_path / "build.done").write_bytes(content)
    with pytest.raises(InvalidMarker, match=r"build\.done cannot be trusted: ") as caught:
        await asyncio.wait_for(wait_marker("build", directory=tmp_path), 10)

    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.path, again.reason) == (str(tmp_path / "build.done"), caught.value.reason)
    assert again.reason


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/etc/passwd", path)], ids="pds")
def test_only_a_plain_file_is_read(tmp_path, make):
    """A FIFO holds nobody up, and a link leads nowhere."""
    make(tmp_path / "build.done")
    with pytest.raises(InvalidMarker):
        read_marker(str(tmp_path / "build.done"), "build")


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "..", "a\0b", "a..b", "x" * 101])
def test_no_name_leads_out_of_the_directory(tmp_path, name):
    """C078: what cannot be a task's name is refused before anything is opened."""
    with pytest.raises(InvalidTask):
        marker_path(str(tmp_path), name)


def test_without_a_loop(tmp_path):
    """The same for plain scripts, with a time limit."""
    with pytest.raises(TimeoutError):
        wait_marker_blocking("build", directory=tmp_path, timeout_s=0.05)
    write(tmp_path, result=1)

    assert wait_marker_blocking("build", directory=tmp_path, timeout_s=10).ok
