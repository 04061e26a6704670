"""Submitting: names, batches, and what is refused before anything is kept."""

import os

import pytest

from procession.errors import InvalidCommand, InvalidTask, UnknownTask, UsageError
from procession.model.command import command
from procession.model.stdio import Log
from procession.model.task import task


async def test_ids_are_names_or_numbers(stage):
    """A name is the id; without one an id is made that is not taken."""
    async with stage() as it:
        ids = [it.supervisor.submit(["x"], name=name) for name in ("t1", None, None, "build")]

    assert ids == ["t1", "t2", "t3", "build"]


@pytest.mark.parametrize("name", ["../x", "a/b", "", "x" * 200, "-rf"])
async def test_hostile_names(stage, name):
    """A name that is no name is refused at once, and nothing is kept (C116)."""
    async with stage() as it:
        with pytest.raises(InvalidTask, match="name"):
            it.supervisor.submit(["x"], name=name)

        assert it.supervisor.list() == []
        assert it.events == []


@pytest.mark.parametrize(
    ("work", "fields", "error"),
    [
        ([], {}, InvalidCommand),
        ([""], {}, InvalidCommand),
        ("sleep 1", {}, InvalidCommand),
        (["a\0b"], {}, InvalidCommand),
        (["x"], {"after": ["nobody"]}, InvalidTask),
        (["x"], {"name": "me", "after": ["me"]}, InvalidTask),
        (["x"], {"retries": -1}, InvalidTask),
        (["x"], {"retrys": 1}, InvalidTask),
        (["x"], {"name": "taken"}, InvalidTask),
    ],
)
async def test_bad_requests_leave_nothing(stage, work, fields, error):
    """What is wrong in itself is refused where it is submitted: no entry, no event (C001, C002)."""
    async with stage() as it:
        it.supervisor.submit(["x"], name="taken")
        seen = len(it.events)
        with pytest.raises(error):
            it.supervisor.submit(work, **fields)

        assert [each.id for each in it.supervisor.list()] == ["taken"]
        assert len(it.events) == seen


async def test_all_or_none(stage):
    """A batch with one bad task is refused whole."""
    batch = [task(["x"], name="a"), task(["x"], name="b", after=["nobody"])]
    async with stage() as it:
        with pytest.raises(InvalidTask):
            it.supervisor.submit_all(batch)

        assert it.supervisor.list() == []


async def test_circles_within_a_batch(stage):
    """Tasks of a batch may wait for later ones, but not for each other in a circle."""
    async with stage() as it:
        with pytest.raises(InvalidTask, match="waits for"):
            it.supervisor.submit_all([task(["x"], name="a", after=["b"]), task(["x"], name="b", after=["a"])])
        ids = it.supervisor.submit_all([task(["x"], name="a", after=["b"]), task(["x"], name="b")])

        assert ids == ["a", "b"]


async def test_unknown_tasks(stage):
    """An id that nobody has is answered with the closest one."""
    async with stage() as it:
        it.supervisor.submit(["x"], name="download")
        with pytest.raises(UnknownTask) as caught:
            it.supervisor.get("downlaod")

    assert "download" in caught.value.hint


async def test_only_an_open_supervisor_takes_tasks(stage):
    """Before and after its block a supervisor refuses, and can still be asked."""
    it = stage()
    with pytest.raises(UsageError):
        it.supervisor.submit(["x"])
    async with it:
        id_ = it.supervisor.submit(["x"])
    with pytest.raises(UsageError):
        it.supervisor.submit(["x"])
    with pytest.raises(UsageError):
        it.supervisor.retry(id_)

    assert it.state(id_) == "ended"


async def test_places_are_fixed_when_submitted(stage, tmp_path, monkeypatch):
    """A relative directory or log is where it was when the task was submitted."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path)
    async with stage() as it:
        one = it.supervisor.submit(command(["x"]).replace(cwd="work", stdout=Log("x.log")))
        other = it.supervisor.submit(["x"])
        monkeypatch.chdir("/")
        await it.settle()

        assert it.supervisor.get(one).cwd == os.path.join(tmp_path, "work")
        assert it.supervisor.get(other).cwd == str(tmp_path)
        assert it.launcher.processes[0].command.cwd == os.path.join(tmp_path, "work")
        assert it.launcher.processes[0].command.stdout == Log(os.path.join(tmp_path, "x.log"))
