"""The markers of a supervisor: there for every end, gone when a task begins anew."""

import asyncio
import json
import os
import sys
import time

import pytest

from procession import Marker, OutcomeKind, Supervisor, wait_marker
from procession.model.outcome import Outcome
from procession.model.view import TaskView
from procession.supervisor.markers import Markers

DONE = [sys.executable, "-c", "from procession import child; child.done({'loaves': 2})"]


def there(directory):
    """Name what is in the directory."""
    return sorted(os.listdir(directory))


async def test_every_end_leaves_a_marker(tmp_path):
    """Success, failure, a stop before the start, and a dependency that failed: each says how it ended."""
    async with Supervisor(markers=tmp_path, hard_limit=2) as supervisor:
        supervisor.submit(["true"], name="well")
        supervisor.submit(["false"], name="badly")
        supervisor.submit(["true"], name="in-vain", after="badly")
        supervisor.submit(["true"], name="never", delay_s=1000)
        await supervisor.stop("never")
        assert json.loads((tmp_path / "never.done").read_text())["outcome"] == "stopped"
        await supervisor.wait_all()

    found = {name: json.loads((tmp_path / name).read_text()) for name in there(tmp_path)}
    assert {name: content["outcome"] for name, content in found.items()} == {
        "well.done": "succeeded",
        "badly.done": "failed",
        "in-vain.done": "cancelled",
        "never.done": "stopped",
    }
    assert found["well.done"]["attempt"] == 1
    assert abs(found["well.done"]["timestamp"] - time.time()) < 60
    assert (tmp_path / "well.done").stat().st_mode & 0o777 == 0o600


async def test_whoever_has_waited_finds_the_marker(tmp_path):
    """It is there before a wait comes back."""
    async with Supervisor(markers=tmp_path) as supervisor:
        for _ in range(20):
            id_ = supervisor.submit(["true"])
            await supervisor.wait(id_)
            assert (tmp_path / f"{id_}.done").exists()


async def test_what_a_task_has_said_stays(tmp_path):
    """Its own result is kept with the outcome; one of an earlier attempt is not."""
    async with Supervisor(markers=tmp_path) as supervisor:
        supervisor.submit(DONE, name="bakes")
        await supervisor.wait("bakes")
        marker = await wait_marker("bakes", directory=tmp_path)
        assert (marker.outcome, marker.result) == (OutcomeKind.SUCCEEDED, {"loaves": 2})

        supervisor.submit(["sh", "-c", f'test "$PROCESSION_ATTEMPT" = 2 || {{ {shell(DONE)}; false; }}'],
                          name="twice", retries=1, retry_delay_s=0)  # fmt: skip
        await supervisor.wait("twice")
        marker = await wait_marker("twice", directory=tmp_path)
        assert (marker.outcome, marker.attempt, marker.result) == (OutcomeKind.SUCCEEDED, 2, None)


async def test_done_is_seen_before_the_end(tmp_path):
    """A task may say that it is done and go on; who waits for the marker need not wait for the end."""
    async with Supervisor(markers=tmp_path) as supervisor:
        supervisor.submit(["sh", "-c", f"{shell(DONE)}; exec sleep 1000"], name="lingers")
        marker = await asyncio.wait_for(wait_marker("lingers", directory=tmp_path), 30)
        assert (marker.outcome, marker.result) == (None, {"loaves": 2})
        assert marker.ok
        await supervisor.kill("lingers")
        marker = await wait_marker("lingers", directory=tmp_path, after=marker)
        assert (marker.outcome, marker.result) == (OutcomeKind.STOPPED, {"loaves": 2})


async def test_a_new_beginning_takes_the_marker_away(tmp_path):
    """A retry by hand is not done; a task that is removed leaves nothing."""
    async with Supervisor(markers=tmp_path) as supervisor:
        again = supervisor.submit(["sh", "-c", f'test -e {tmp_path}/$PROCESSION_TASK.done && echo "still there"; true'])
        await supervisor.wait(again)
        said = []
        supervisor.subscribe_output(lambda _id, _stream, data: said.append(data))
        supervisor.retry(again)
        await supervisor.wait(again)
        assert said == []
        assert there(tmp_path) == [f"{again}.done"]
        supervisor.remove(again)
        assert there(tmp_path) == []


@pytest.mark.parametrize(
    "content", ["torn {", '{"task": "other", "result": 1}', '{"task": "t1", "attempt": 7, "result": 1}']
)
async def test_foreign_words_are_not_taken_over(tmp_path, content, caplog):
    """What a task (or anybody) wrote that is no marker of this attempt is told, and replaced."""
    async with Supervisor(markers=tmp_path) as supervisor:
        supervisor.submit(["sh", "-c", f"echo '{content}' > $PROCESSION_MARKER"])
        await supervisor.wait("t1")

    assert json.loads((tmp_path / "t1.done").read_text())["result"] is None
    assert ("cannot be trusted" in caplog.text) == ("7" not in content)


async def test_without_a_directory_nothing_is_written(tmp_path, monkeypatch):
    """A plain script makes no files, and a task is not told where an outer one has its marker."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROCESSION_MARKER", str(tmp_path / "outer.done"))
    async with Supervisor() as supervisor:
        supervisor.submit(DONE)
        await supervisor.wait_all()

    assert there(tmp_path) == []


async def test_a_directory_that_cannot_be_written_stops_nothing(tmp_path, caplog):
    """It is logged, and the tasks go on."""
    async with Supervisor(markers=tmp_path / "missing") as supervisor:
        id_ = supervisor.submit(["true"])
        assert (await supervisor.wait(id_)).ok

    assert "the marker of t1 cannot be written" in caplog.text


async def test_what_was_not_written_before_a_crash_is_written_after_it(tmp_path):
    """The last ends have their markers, what is half written is swept, and older markers that were removed stay so."""
    (tmp_path / "a.done.12.beef.tmp").write_text("half")
    os.utime(tmp_path / "a.done.12.beef.tmp", (0, 0))
    (tmp_path / "b.done.12.beef.tmp").write_text("perhaps still written")
    markers = Markers(str(tmp_path))
    markers.catch_up([ended("old", 100.0), ended("late", 995.0), ended("last", 1000.0)])
    await markers.close()

    assert there(tmp_path) == ["b.done.12.beef.tmp", "last.done", "late.done"]
    assert await wait_marker("late", directory=tmp_path) == Marker(
        task="late", attempt=1, outcome=OutcomeKind.SUCCEEDED, timestamp=995.0
    )


def ended(id_, at):
    """A task that ended then."""
    return TaskView(
        id=id_, name=id_, state="ended", attempt=1, submitted_at=at, command="", argv=(), ended_at=at,
        outcome=Outcome(kind=OutcomeKind.SUCCEEDED),
    )  # fmt: skip


def shell(argv):
    """Give it as a shell has it."""
    import shlex

    return shlex.join(argv)
