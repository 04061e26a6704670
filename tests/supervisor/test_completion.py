"""Tasks that name the file whose being there means that their work is done."""

import asyncio
import math

import pytest

from procession import ByFile, Command, InvalidTask, OutcomeKind, Supervisor
from procession.model.task import task

RESULT = ByFile("out/result.json")
WRITES = "mkdir -p out; echo {} > out/new; mv out/new out/result.json"


def agent(directory, script, **fields):
    """A task that shall write its result below the directory."""
    grace_s = fields.pop("grace_s", 0.1)
    return task(Command(argv=("sh", "-c", script), cwd=str(directory), grace_s=grace_s), done_when=RESULT, **fields)


async def test_what_is_done_is_ended_after_its_grace_and_has_succeeded(tmp_path):
    """A program that stays after its work has its grace; its end by our hand is no failure, and no retry follows."""
    told = []
    async with Supervisor() as supervisor:
        supervisor.subscribe(lambda event: told.append(event.name))
        view = await supervisor.wait(supervisor.submit(agent(tmp_path, f"{WRITES}; exec sleep 1000", retries=3)))

    assert view.outcome.kind is OutcomeKind.SUCCEEDED
    assert view.outcome.stopped_by == "done"
    assert view.outcome.message.startswith("its completion file was there; killed by SIGTERM")
    assert view.attempt == 1
    assert told.count("done") == 1


async def test_it_may_end_by_itself(tmp_path):
    """Within its grace nobody disturbs it."""
    async with Supervisor() as supervisor:
        view = await supervisor.wait(supervisor.submit(agent(tmp_path, f"{WRITES}; sleep 0.1; true", grace_s=60)))

    assert (view.outcome.kind, view.outcome.stopped_by) == (OutcomeKind.SUCCEEDED, None)


async def test_without_its_file_it_has_not_succeeded(tmp_path):
    """Exit code 0 and no file of this attempt is a failure, and is retried; one of an earlier run does not count."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "result.json").write_text("of yesterday")
    async with Supervisor() as supervisor:
        await asyncio.sleep(0.05)  # what is made within the same tick of the file system's clock counts as new
        script = f'if test "$PROCESSION_ATTEMPT" = 2; then {WRITES}; fi'
        first = await supervisor.wait(supervisor.submit(agent(tmp_path, "true")))
        second = await supervisor.wait(supervisor.submit(agent(tmp_path, script, retries=1, retry_delay_s=0)))

    assert first.outcome.kind is OutcomeKind.FAILED
    assert first.outcome.message == (f"exited with code 0; its completion file {tmp_path}/out/result.json is not there")
    assert (second.outcome.kind, second.attempt) == (OutcomeKind.SUCCEEDED, 2)


async def test_a_failure_of_its_own_stays_one(tmp_path):
    """The file does not turn a crash into a success."""
    async with Supervisor() as supervisor:
        view = await supervisor.wait(supervisor.submit(agent(tmp_path, f"{WRITES}; exit 3", grace_s=60)))

    assert (view.outcome.kind, view.outcome.code) == (OutcomeKind.FAILED, 3)


async def test_an_endless_grace_ends_nothing(tmp_path):
    """With a grace without end it is told, and no more; a stop is a stop then."""
    async with Supervisor() as supervisor:
        id_ = supervisor.submit(agent(tmp_path, f"{WRITES}; exec sleep 1000", grace_s=math.inf))
        async for event in supervisor.events():
            if event.name == "done":
                break
        view = await supervisor.kill(id_)

    assert view.outcome.kind is OutcomeKind.STOPPED


def test_what_cannot_be_is_refused():
    """Only a file says that a task is done."""
    with pytest.raises(InvalidTask, match="done_when must be ByFile"):
        task(["true"], done_when="out/result.json")
