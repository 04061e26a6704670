"""A task is a likelier victim than whoever looks after it."""

import subprocess
from pathlib import Path

from procession.kernel.oom_score import TASK_SCORE, prefer_as_victim


def score(pid):
    """Ask the kernel."""
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text())


def test_it_is_raised_and_never_lowered():
    """Ours stays; one that is higher stays, too; one that is gone is nobody."""
    ours = score("self")
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        prefer_as_victim(child.pid)
        assert score(child.pid) == max(TASK_SCORE, ours)
        Path(f"/proc/{child.pid}/oom_score_adj").write_text("900")
        prefer_as_victim(child.pid)
        assert score(child.pid) == 900
    prefer_as_victim(child.pid)
    assert score("self") == ours
