"""What may be believed of what a file says (C116): names that stay names, pids that could have been a task's.

A file can be edited, or half of another one. A row that is refused here is left out and told, never acted upon.
Not here: whether a process is still the one that is meant; that takes a look at the machine.
"""

from __future__ import annotations

import os

from procession.kernel.files import read_file
from procession.model.checkpoint import Checkpoint
from procession.model.names import check_name
from procession.model.record import AttemptRecord, Identity
from procession.model.state import State
from procession.model.view import TaskView

BOOT_ID_PATH = "/proc/sys/kernel/random/boot_id"


def check_view(view: TaskView, id: str, state: str) -> None:  # noqa: A002 - the field's own name
    """Refuse a view of another task, or one that cannot be. Raises: ValueError: InvalidTask is one."""
    check_row(id, state, view.pid)
    if view.id != id:
        raise ValueError(f"its view calls itself {view.id!r}")
    if view.state != state:
        raise ValueError(f"it is {state} in one place and {view.state} in another")
    if view.group is not None:
        check_name(view.group, "group")


def check_row(id: str, state: str, pid: int | None) -> None:  # noqa: A002 - the field's own name
    """Refuse what no row of a table may show."""
    check_name(id, "id")
    if state not in _STATES:
        raise ValueError(f"there is no state {state!r}")
    if pid is not None and (not isinstance(pid, int) or pid <= 1):
        raise ValueError(f"no task can have the pid {pid!r}")


def check_attempt(record: AttemptRecord, key: int, task: str) -> None:
    """Refuse an attempt that could make us signal, open or remove what is none of ours. Raises: ValueError."""
    check_name(record.task, "task")
    if (record.key, record.task) != (key, task):
        raise ValueError(f"it calls itself attempt {record.key} of {record.task!r}")
    if record.leader is not None:
        _check_leader(record.leader)
    if record.tree.leaf is not None and (not record.tree.leaf or ".." in record.tree.leaf.split("/")):
        raise ValueError(f"its control group cannot be {record.tree.leaf!r}")
    for stream, offset in record.offsets.items():
        check_name(stream, "offsets")
        if offset < 0:
            raise ValueError(f"its {stream} cannot begin at {offset}")
    if record.exit is not None and record.exit.status is not None and not 0 <= record.exit.status <= 0xFFFF:
        raise ValueError(f"{record.exit.status} is no wait status")


def check_checkpoint(checkpoint: Checkpoint, task: str, number: int) -> None:
    """Refuse a checkpoint of another task: what it says may be run in this one's place. Raises: ValueError."""
    if (checkpoint.task, checkpoint.number) != (task, number):
        raise ValueError(f"it calls itself number {checkpoint.number} of {checkpoint.task!r}")


def _check_leader(leader: Identity) -> None:
    if leader.pid <= 1:
        raise ValueError(f"no task can have the pid {leader.pid}")
    # After a reboot our pid may well be one that a task had before: that says nothing against the row.
    if leader.pid == os.getpid() and leader.boot_id == read_file(BOOT_ID_PATH).decode().strip():
        raise ValueError(f"its pid {leader.pid} is our own")


_STATES = frozenset(state.value for state in State)
