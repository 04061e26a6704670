"""The checkpoints that both rivals keep: some 600 bytes each, of 100 tasks in turn."""

from __future__ import annotations

from procession.model.checkpoint import KEPT, Checkpoint
from procession.model.progress import Progress

TASKS = 100


def make_checkpoint(number: int) -> Checkpoint:
    """The how many-th of all."""
    saved = f"runs/{number}/model.pt"
    return Checkpoint(
        task=f"t{number % TASKS}",
        number=number // TASKS + 1,
        attempt=1,
        session="0b5c9f0e-6c2f-4f6e-9d0a-5f1f6f2f7a11",
        at=1767225600.25 + number,
        by="timer",
        progress=Progress(source="report", fraction=0.25, current=float(number), total=1e6, unit="steps"),
        saved=saved,
        resume_command=("python", "train.py", "--resume", saved),
        cwd="/home/me/project",
        can_resume=True,
        reason="the task said how",
        metadata={"loss": "0.25", "host": "here"},
    )


def expect_all(n: int, found: list[list[Checkpoint]]) -> None:
    """The newest of every task must be there, equal to what was written: what was lost was not kept."""
    for task, checkpoints in enumerate(found):
        last = range(task, n, TASKS)[::-1][:KEPT]
        if checkpoints != [make_checkpoint(number) for number in last]:
            raise RuntimeError(f"of t{task} there is {checkpoints!r}")
