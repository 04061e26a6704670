"""Recordings of real tools, printed again by a real program at their own speed: to a pipe, a terminal, a log."""

import asyncio
import sys
from pathlib import Path

import pytest
from benchmarks.progress_score import PLACE, TOLERANCE, fixtures

from procession.model.command import Command
from procession.model.stdio import PIPE, PTY, Log
from procession.model.task import Task
from procession.supervisor.supervisor import Supervisor

FILES = {each["file"]: each for each in fixtures()}
REPLAYS = str(Path(__file__).parents[1] / "children" / "replays.py")


@pytest.mark.parametrize("how", ["pipe", "pty", "log"])
@pytest.mark.parametrize("file", ["tqdm.pty.raw", "curl.pipe.raw", "ninja.pipe.raw"])
async def test_progress_of_a_tool_at_its_own_speed(file, how, tmp_path):
    """It rises as the recording does, never stands at 100 % while the tool runs, and is full at its end."""
    end = {"pipe": PIPE, "pty": PTY, "log": Log(str(tmp_path / "log"))}[how]
    streams = {"stdout": end, "stderr": end, **({"stdin": PTY} if how == "pty" else {})}
    program = {"curl.pipe.raw": "curl", "ninja.pipe.raw": "ninja"}.get(file, "python")
    argv = (sys.executable, REPLAYS, str(PLACE / file), str(PLACE / "index.json"), "1.0", program)
    seen = []
    async with Supervisor() as supervisor:
        task = supervisor.submit(Task(command=Command(argv=argv, **streams), name="it"))
        waiting = asyncio.ensure_future(supervisor.wait(task))
        while not waiting.done():
            progress = supervisor.get(task).progress
            if progress is not None and progress.fraction is not None:
                seen.append(progress.fraction)
            await asyncio.sleep(0.02)
        assert (await waiting).progress.fraction == 1.0

    shown = [fraction for fraction in seen if fraction < 1.0]
    assert shown == sorted(shown)
    middle = [truth["percent"] for truth in FILES[file]["truths"]][1]
    reach = TOLERANCE if how != "log" else 35  # a log is looked at once a second
    assert min(abs(fraction * 100 - middle) for fraction in shown) <= reach
