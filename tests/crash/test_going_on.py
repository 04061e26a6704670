"""Tasks that save their work lose only what came after: whoever dies, and whenever, they go on from there, once."""

import math
import os
import signal
import sys
from pathlib import Path

import pytest

from procession import Command
from procession.checkpoint.file import read_checkpoints
from procession.model.checkpointing import Checkpointing
from procession.model.task import task

BY_SIGNAL = Checkpointing(signal="USR1", every_s=math.inf, deadline_s=20.0)
STEPS = 120
AT = 48
"""Where it is asked to save: at 40 percent."""


class Training:
    """A task of the house that trains: what it did and from where, and the way to have it save its work."""

    def __init__(self, house, tools, directory, program):
        self.house, self.tools, self.directory, self.program = house, tools, directory, program

    def submit(self, client, **fields):
        """Have it begin; it saves itself when it is asked to."""
        ends_well = {"ENDS_WELL": "1"} if fields.pop("ends_well", False) else {}
        argv = (sys.executable, str(self.program))
        run = Command(argv=argv, cwd=str(self.directory), env={"STEP_S": "0.03", **ends_well}, grace_s=10.0)
        fields = {"retry_delay_s": 0.0, "resume_command": (*argv, "--from", "{checkpoint}")} | fields
        client.submit_all([task(run, name="train", checkpoint=BY_SIGNAL, **fields)])

    def wait_step(self, step=AT):
        """Wait until it has come so far."""
        self.tools.settle(lambda: step in self.steps)

    def save(self, client):
        """Have it save its work, at 40 percent or later; it is written down when this returns."""
        self.wait_step()
        client.signal("USR1", "train").check()
        self.tools.settle(lambda: self.told("checkpointed"))

    def told(self, name):
        """Give what is recorded of it under one word."""
        return [event for event in self.house.events("train") if event["event"] == name]

    @property
    def steps(self):
        """All that it has done, in order."""
        return self._numbers("steps.log")

    @property
    def begun(self):
        """From where each of its attempts began."""
        return self._numbers("begun.log")

    @property
    def saved(self):
        """The step it saved last."""
        return int((self.directory / "train.ckpt").read_text().strip("{}").split(":")[1])

    def check_done(self, client, attempts=2):
        """It comes to its end, each step done once, and each attempt but the first began where one had saved."""
        (view,) = client.wait("train").tasks
        assert view.outcome.ok, view.outcome
        assert view.attempt == attempts
        assert self.steps == list(range(STEPS + 1))
        assert len(self.begun) == attempts
        assert all(step >= AT for step in self.begun[1:]), self.begun

    def _numbers(self, name):
        path = self.directory / name
        return [int(line) for line in path.read_text().split("\n")[:-1]] if path.exists() else []


@pytest.fixture
def training(house, tools, tmp_path, children):
    """A training run, not begun yet."""
    return Training(house, tools, tmp_path, children / "trains.py")


@pytest.fixture(params=["killed", "rebooted"])
def loss(request, house, tools):
    """To be called with pids: all is lost, with them; or the machine is restarted, too, which another boot id tells."""

    def lose(*members):
        tools.lose_everything(house, *members)
        if request.param == "rebooted":
            house.tell("UPDATE attempt SET body = json_set(body, '$.leader.boot_id', 'an earlier boot')")

    return lose


def running(client, tools):
    """Give the view of the task once it runs."""
    return tools.settle(lambda: (view := client.get("train")).state == "running" and view)


def test_after_the_loss_of_everything_it_goes_on(house, tools, training, loss):
    """Saved at 40 percent, then all is killed: another attempt begins at that step, and each step is done once."""
    house.start()
    with house.client() as client:
        training.submit(client, restart="resume")
        training.save(client)
        saved = training.saved
        loss(running(client, tools).pid)
        house.start()

        training.check_done(client)
    assert training.begun == [0, saved]
    (retrying,) = training.told("retrying")
    assert (retrying["outcome"]["kind"], retrying["resumes"]) == ("lost", 1)


@pytest.mark.parametrize("without", ["retry", "ask", "fail"])
def test_after_the_loss_of_everything_without_a_checkpoint(house, tools, training, loss, without):
    """It begins anew, waits to be asked, or is given up, as it says; and it is said why."""
    house.start()
    with house.client() as client:
        training.submit(client, restart="resume", without_checkpoint=without)
        training.wait_step()
        loss(running(client, tools).pid)
        house.start()

        if without == "fail":
            (view,) = client.wait("train").tasks
            assert view.outcome.kind == "failed"
            assert view.outcome.message.endswith("; it cannot go on: nothing was saved yet")
            return
        if without == "ask":
            view = client.get("train")
            assert (view.state, view.attempt) == ("queued", 2)
            assert "anew (nothing was saved yet; `procession resume` begins it anew)" in view.waiting
            client.resume("train").check()
        (retrying,) = training.told("retrying")
        assert retrying["anew"].startswith("nothing was saved yet")
        tools.settle(lambda: training.begun == [0, 0])
        client.kill("train").check()


# --- killed on the way of a checkpoint --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "point",
    [
        "before the checkpoint",
        "before the commit of the checkpoint",
        "before the file of the checkpoint",
        "in the file of the checkpoint",
        "after the file of the checkpoint",
    ],
)
def test_killed_on_the_way_of_a_checkpoint(house, tools, training, dying, point):
    """The next daemon has it, once and whole: the keeper has what was not written yet. The next one is kept well."""
    house.start(*dying(point, 1))
    with house.client() as client:
        training.submit(client)
        training.wait_step()
        os.kill(running(client, tools).pid, signal.SIGUSR1)  # a client would ask again
        house.wait_killed()
        path = house.home / "checkpoints" / "train.json"
        assert numbers_in(path) in ([], [1])
        house.start()
        tools.settle(lambda: count_checkpoints(house) == 1)
        client.signal("USR1", "train").check()
        tools.settle(lambda: count_checkpoints(house) == 2)
        tools.settle(lambda: numbers_in(path)[:1] == [2])
        client.kill("train").check()


def count_checkpoints(house):
    """Count them in the store."""
    return house.ask("SELECT count(*) FROM checkpoint")[0][0]


def numbers_in(path):
    """Give the numbers of the checkpoints in a file, the newest first."""
    return [each.number for each in read_checkpoints(str(path), "train")] if path.exists() else []


def tear(path):
    """Leave half of it."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def be_foreign(path):
    """Put another task's there."""
    path.write_text(path.read_text().replace('"train"', '"other"'))


def be_older(path):
    """Put a form there that was never known."""
    path.write_text(path.read_text().replace('"version": 1', '"version": 0', 1))


def lead_elsewhere(path):
    """Put a link there."""
    path.unlink()
    path.symlink_to("/etc/passwd")


def be_a_fifo(path):
    """Put a FIFO there, which nobody writes to."""
    path.unlink()
    os.mkfifo(path)


def be_huge(path):
    """Let it be 10 GB, of which none is on the disk."""
    os.truncate(path, 10 << 30)


@pytest.mark.parametrize("harm", [tear, be_foreign, be_older, lead_elsewhere, be_a_fifo, be_huge])
def test_a_file_that_is_not_to_be_trusted(house, tools, training, harm):
    """It is named in the log, kept aside as it was and never followed; the next checkpoint is written well."""
    before = Path("/etc/passwd").read_bytes()
    house.start()
    with house.client() as client:
        training.submit(client)
        training.save(client)
        path = house.home / "checkpoints" / "train.json"
        tools.settle(lambda: numbers_in(path) == [1])
        harm(path)
        harmed = os.lstat(path)
        client.signal("USR1", "train").check()
        aside = path.with_name("train.json.bad-1")
        tools.settle(lambda: os.path.lexists(aside) and os.path.lexists(path))
        client.kill("train").check()

    assert numbers_in(path) == [2]
    assert (os.lstat(aside).st_ino, os.lstat(aside).st_size) == (harmed.st_ino, harmed.st_size)
    assert f"{aside} was set aside: " in house.log.read_text()
    assert Path("/etc/passwd").read_bytes() == before
