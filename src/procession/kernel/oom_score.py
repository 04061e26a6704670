"""Whom the kernel ends first when there is no memory left: a task rather than those who look after it.

Anybody may make a process of their own a likelier victim; to make one less likely takes a privilege. So it is the tasks
that are raised. Source: proc_pid_oom_score_adj(5).
"""

from __future__ import annotations

from typing import Final

TASK_SCORE: Final = 200
"""Of 1000: a task counts as if it had a fifth of all memory more than it has."""


def prefer_as_victim(pid: int) -> None:
    """Raise the score of ``pid``, and so of all that it starts from now on; one that is higher already stays."""
    try:
        with open(f"/proc/{pid}/oom_score_adj", "r+b", buffering=0) as file:
            if int(file.read()) < TASK_SCORE:
                file.write(b"%d" % TASK_SCORE)
    except (OSError, ValueError):  # it has ended, or is somebody else's by now
        return
