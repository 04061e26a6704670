"""What the tests of this room share: checkpoints, and a shelf that notes its complaints."""

from collections.abc import Callable
from pathlib import Path

import pytest

from procession.checkpoint.shelf import Shelf
from procession.model.checkpoint import Checkpoint


@pytest.fixture
def make() -> Callable[..., Checkpoint]:
    """Make a checkpoint of task ``t1``: number, then what differs."""

    def make(number: int = 1, **fields) -> Checkpoint:
        given = {"task": "t1", "attempt": 1, "at": float(number), "by": "task", "can_resume": True, "reason": "r"}
        return Checkpoint(number=number, **(given | fields))

    return make


@pytest.fixture
def complaints() -> list[tuple[str, str]]:
    """What was complained of: where it is now, and why."""
    return []


@pytest.fixture
def shelf(tmp_path: Path, complaints: list[tuple[str, str]]) -> Shelf:
    """A shelf in an empty directory."""
    return Shelf(str(tmp_path), complain=lambda path, reason: complaints.append((path, reason)))
