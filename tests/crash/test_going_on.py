"""Tasks that save their work lose only what came after: whoever dies, and whenever, they go on from there, once."""

import math
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from procession import Command
from procession.checkpoint.file import read_checkpoints, write_checkpoints
from procession.model.checkpointing import Checkpointing
from procession.model.readiness import ByNotice
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
        unfinished = list(path.parent.glob("*.tmp"))
        assert len(unfinished) == (point == "in the file of the checkpoint")
        for each in unfinished:
            os.utime(each, (0, 0))  # what is young may be somebody's who still writes
        house.start()
        tools.settle(lambda: count_checkpoints(house) == 1)
        tools.settle(lambda: numbers_in(path) == [1])
        client.signal("USR1", "train").check()
        tools.settle(lambda: count_checkpoints(house) == 2)
        tools.settle(lambda: numbers_in(path)[:1] == [2])
        tools.settle(lambda: not any(each.exists() for each in unfinished))
        client.kill("train").check()


def test_a_file_that_lags_far_behind(house, tools):
    """Killed before several were written, or with the file lost: the next daemon writes all that the store keeps."""
    script = (
        "import signal; from procession import child\n"
        "signal.signal(signal.SIGUSR1, lambda *_: child.checkpoint_saved('a')); child.ready()\n"
        "while True: signal.pause()"
    )
    house.start()
    path = house.home / "checkpoints" / "train.json"
    with house.client() as client:
        client.submit([sys.executable, "-c", script], name="train", ready=ByNotice())
        tools.settle(lambda: client.get("train").ready)
        for number in range(1, 8):
            client.signal("USR1", "train").check()
            tools.settle(lambda number=number: numbers_in(path)[:1] == [number])
        whole = path.read_bytes()
        for behind in (2, 4, 5):
            house.kill()
            older = read_checkpoints(str(path), "train")[behind:]
            write_checkpoints(str(path), "train", older) if older else path.unlink()
            house.start()
            tools.settle(lambda: numbers_in(path)[:1] == [7])
            assert path.read_bytes() == whole
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


# --- released ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def releasing(house, dying, monkeypatch):
    """To be called with a point: starts a daemon that dies there, and releases whatever is suspended."""
    monkeypatch.setitem(house.environment, "RELEASES", "1")
    return lambda point="nowhere": house.start(*dying(point, 1))


@pytest.mark.parametrize("dies", ["supervisor", "both"])
def test_what_was_released_stays_so(house, tools, training, releasing, dies):
    """Whoever dies meanwhile: it waits to be resumed, and goes on from where it was."""
    releasing()
    with house.client() as client:
        training.submit(client)
        training.wait_step()
        (view,) = client.suspend("train").check().tasks
        assert (view.state, view.pid) == ("queued", None)
        tools.lose_everything(house) if dies == "both" else house.kill()
        releasing()
        client.submit(["true"], name="other")
        client.wait("other")
        assert client.get("train").state == "queued"
        assert "from checkpoint" in client.get("train").waiting
        saved = training.saved
        client.resume("train").check()

        training.check_done(client)
    assert training.begun == [0, saved]


@pytest.mark.parametrize("ends_well", [False, True])
@pytest.mark.parametrize(
    "point",
    [
        "before it is asked to save",
        "before it is told to end",
        "after it was told to end",
        "before what follows its end",
    ],
)
def test_killed_while_it_is_released(house, training, releasing, point, ends_well):
    """It runs, or is released; never lost, nor taken for done when it ends with code 0 because it was asked to."""
    releasing(point)
    with ThreadPoolExecutor(1) as thread, house.client() as client, house.client() as other:
        training.submit(client, ends_well=ends_well)
        training.wait_step()
        suspending = thread.submit(other.suspend, "train")
        house.wait_killed()
        releasing()
        suspending.result(20)
        view = training.tools.settle(
            lambda: (view := client.get("train")).state in ("queued", "running", "ended") and view
        )
        assert view.state != "ended", view.outcome
        if view.state == "queued":
            client.resume("train").check()

        training.check_done(client, attempts=view.attempt)
    assert view.attempt in (1, 2)


def test_what_was_released_can_be_stopped_and_go_on_all_the_same(house, training, releasing):
    """A task that rests is over when it is stopped; resumed later, it goes on; begun anew by hand, it begins anew."""
    releasing()
    with house.client() as client:
        training.submit(client)
        training.wait_step()
        client.suspend("train").check()
        saved = training.saved
        assert client.stop("train").check().tasks[0].outcome.kind == "stopped"
        client.resume("train").check()
        (view,) = client.wait("train").tasks
        assert (view.outcome.ok, view.attempt) == (True, 3)  # the second one never ran
        assert training.steps == list(range(STEPS + 1))
        assert training.begun == [0, saved]
        client.retry("train").check()
        client.wait("train")
        assert training.begun == [0, saved, 0]


# --- suspended --------------------------------------------------------------------------------------------------------


def standing(pid):
    """Give the processor time of a process, in ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@pytest.mark.parametrize("groups", ["on", "off"])
@pytest.mark.parametrize("dies", ["supervisor", "keeper", "both"])
def test_what_is_suspended_stays_so(house, tools, dies, groups, monkeypatch):
    """Five that burn stand still whoever dies; their time-out does, too; resumed, each runs on as it was."""
    monkeypatch.setitem(house.environment, "PROCESSION_CGROUP", groups)
    names = [f"s{number}" for number in range(5)]
    house.start()
    with house.client() as client:
        for name in names:
            burner = Command(argv=("sh", "-c", "while :; do :; done"), timeout_s=6.0)
            client.submit(burner, name=name, ready=ByNotice(), ready_timeout_s=6.0)
        tools.settle(lambda: all(view.state == "running" for view in client.list()))
        views = client.suspend(all_tasks=True).check().tasks
        before = {view.id: (view.pid, standing(view.pid)) for view in views}
        suspended_at = time.monotonic()
        if dies == "keeper":
            keeper = house.keeper
            os.kill(keeper, signal.SIGKILL)
            tools.settle(lambda: client.status().keeper_pid not in (keeper, None))
        else:
            tools.lose_everything(house) if dies == "both" else house.kill()
            house.start()
        tools.settle(lambda: time.monotonic() - suspended_at > 6.5)
        assert [(view.id, view.state) for view in client.list()] == [(name, "suspended") for name in names]
        assert {view.id: (view.pid, standing(view.pid)) for view in client.list()} == before

        assert all(view.state == "running" for view in client.resume(all_tasks=True).check().tasks)
        for pid, ticks in before.values():
            tools.settle(lambda pid=pid, ticks=ticks: standing(pid) > ticks)
        client.kill(all_tasks=True)


@pytest.mark.parametrize("dies", ["supervisor", "both"])
def test_what_was_suspended_handles_its_end(house, tools, training, dies):
    """Stopped by the next daemon, its handler runs: it saves itself and ends."""
    house.start()
    with house.client() as client:
        training.submit(client)
        training.wait_step()
        client.suspend("train").check()
        tools.lose_everything(house) if dies == "both" else house.kill()
        house.start()
        (view,) = client.stop("train").check().tasks

        assert (view.outcome.kind, view.outcome.forced) == ("stopped", False)
        assert training.saved == training.steps[-1]
        if dies == "supervisor":  # else it says so to a keeper that is gone
            assert count_checkpoints(house) == 1
