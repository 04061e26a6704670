"""A training run under a real daemon: it saves its work when asked, is released, and goes on where it was."""

import json
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

TRAINING = Path(__file__).parents[1] / "children" / "trains.py"
FROM_THERE = shlex.join([sys.executable, str(TRAINING)]) + " --from {checkpoint}"


@pytest.fixture
def train(ok, tmp_path) -> Callable[..., Path]:
    """To be called with further options: a training run called train, held at its 20th step; gives its folder."""
    work = tmp_path / "my work"
    work.mkdir()
    (work / "hold").touch()

    def begin(*options: str) -> Path:
        asked = ["--checkpoint", "USR1", "--checkpoint-every", "never", "--resume-command", FROM_THERE]
        ok("submit", "--name", "train", "--cwd", str(work), *asked, *options, "--", sys.executable, str(TRAINING))
        reach(work, 20)
        return work

    return begin


def reach(work: Path, step: int) -> None:
    """Look until it has come so far; its log is all that it says."""
    log = work / "steps.log"
    while not log.exists() or f"\n{step}\n" not in log.read_text():
        time.sleep(0.01)


def finish(ok, work: Path) -> None:
    """Let it run to its end."""
    (work / "hold").unlink()
    ok("wait", "train")


def steps(work: Path) -> list[int]:
    """All steps, in the order in which they were done."""
    return [int(each) for each in (work / "steps.log").read_text().split()]


def test_it_saves_its_work_is_released_and_goes_on(train, ok, view):
    """Asked, it says where; released, it keeps no process; resumed, it does each step that is left, and none twice."""
    work = train()
    saved = work / "train.ckpt"
    said = ok("checkpoint", "train")
    assert said == f"train  saved: checkpoint 1 (16%), {saved}\n"

    assert "from checkpoint" in ok("suspend", "--release", "train")
    rests = view("train")
    assert (rests["state"], rests["pid"], rests["attempt"]) == ("queued", None, 2)
    head, newest, *_ = ok("checkpoints", "train").splitlines()
    assert head.split()[:3] == ["number", "when", "by"]
    assert newest.endswith(f"{saved}  yes")
    goes_on = shlex.join([sys.executable, str(TRAINING), "--from", str(saved)])
    assert f"goes on by: {goes_on}\n" in ok("show", "train")

    ok("resume", "train")
    finish(ok, work)
    assert view("train")["attempt"] == 2
    assert steps(work) == list(range(121))


def test_what_rests_outlives_the_daemon(train, ok, view, kill_daemon):
    """A released task still rests under the next daemon, which knows its checkpoints and goes on from them."""
    work = train()
    ok("suspend", "--release", "train")
    kept = json.loads(ok("checkpoints", "--json", "train"))["checkpoints"]

    kill_daemon()
    ok("daemon", "start")
    assert view("train")["state"] == "queued"
    assert json.loads(ok("checkpoints", "--json", "train"))["checkpoints"] == kept
    assert json.loads(ok("checkpoints", "--json", "train", "--show", str(kept[0]["number"]))) == kept[0]
    ok("resume", "train")
    finish(ok, work)
    assert steps(work) == list(range(121))


def test_a_stopped_run_is_resumed(train, ok, view):
    """It is asked to save before it is stopped; over, it goes on in a new attempt."""
    work = train()
    ok("stop", "train")
    assert view("train")["outcome"]["kind"] == "stopped"
    ok("resume", "train")
    finish(ok, work)
    assert steps(work) == list(range(121))


def test_before_a_reboot_all_is_set_aside(train, submit, ok, view):
    """What goes on saves and ends, the rest is suspended; once tasks may start again, it goes on by itself."""
    work = train()
    submit("--name", "plain", "exec sleep 1000")
    assert "draining" in ok("drain", "--suspend")
    assert (view("train")["state"], view("train")["pid"]) == ("queued", None)
    assert view("plain")["state"] == "suspended"

    ok("drain", "--off")
    finish(ok, work)
    assert steps(work) == list(range(121))
    ok("kill", "plain")


def test_who_cannot_is_told_so_and_lives_on(submit, cli, ok, view):
    """No handler, no word about how, over already: each has its sentence, and nobody was sent anything."""
    submit("--name", "deaf", "--checkpoint", "USR1", "exec sleep 1000")
    submit("--name", "plain", "exec sleep 1000")
    submit("--name", "done", "true")
    ok("wait", "done")

    asked = cli("checkpoint", "deaf", "plain", "done")
    released = cli("suspend", "--release", "plain")
    resumed = cli("resume", "done")

    assert asked.returncode == released.returncode == resumed.returncode == 1
    assert "deaf  refused: process " in asked.stdout
    assert "has no handler for SIGUSR1, and would die of it" in asked.stdout
    assert "plain  refused: it does not say how it is asked" in asked.stdout
    assert "procession: error: " in asked.stderr
    assert "task plain could not go on: nothing was saved yet" in released.stderr
    assert "`procession suspend` without --release" in released.stderr
    assert [view(name)["state"] for name in ("deaf", "plain")] == ["running", "running"]
    ok("kill", "deaf", "plain")


@pytest.mark.parametrize(
    ("options", "option"),
    [
        (["--checkpoint", "KILL"], "--checkpoint"),
        (["--checkpoint", "message"], "--checkpoint"),
        (["--resume-command", "go {sesion}"], "--resume-command"),
        (["--without-checkpoint", "fail"], "--without-checkpoint"),
    ],
)
def test_wrong_input_starts_nothing(cli, home, options, option):
    """The option is named, and not even a daemon is there."""
    refused = cli("submit", *options, "--", "true")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert option in refused.stderr
    assert [each.name for each in home.iterdir()] == ["config.toml"]
