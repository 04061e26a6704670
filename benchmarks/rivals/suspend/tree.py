"""The tree that all rivals pause: 200 processes that do a little now and then, 50 of them in sessions of their own."""

from __future__ import annotations

import sys
from pathlib import Path

SIZE, APART = 200, 50
PAUSE_S = 0.05
ARGV = (sys.executable, "-I", "-S", str(Path(__file__).with_name("members.py")), str(SIZE), str(APART))


def expect_standing(pids: list[int]) -> None:
    """Whoever is paused must not be running: what was not paused was not measured."""
    running = [pid for pid in pids if _state(pid) == "R"]
    if running:
        raise RuntimeError(f"{len(running)} of {len(pids)} still run")


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
