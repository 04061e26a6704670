"""What an attempt is given beside what its task says: who it is, and ways to speak to us."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from procession.policy.tokens import GPU
from procession.wire.variables import ATTEMPT, DEVICES, MARKER, SLOTS_PREFIX, TASK

if TYPE_CHECKING:
    from procession.model.command import Command
    from procession.supervisor.entry import Entry


def equipped(entry: Entry) -> Command:
    """Give the command of the next attempt of ``entry``, told which attempt of which task it is."""
    command = entry.task.command
    told: dict[str, str | None] = {TASK: entry.id, ATTEMPT: str(entry.view.attempt), MARKER: entry.marker}
    given = entry.stored.given()
    env = {**command.env, **told, **_slots(entry), **given.get("env", {})}
    fds = {**command.fds, **given.get("fds", {})}
    if entry.resume_argv is not None:
        return command.placed(argv=entry.resume_argv, env=env, notify=True, fds=fds)
    return command.placed(env=env, notify=True, fds=fds)


def _slots(entry: Entry) -> dict[str, str]:
    """Tell it which of the named things are its own."""
    return {
        DEVICES if name == GPU else SLOTS_PREFIX + re.sub(r"\W", "_", name.upper()): ",".join(map(str, numbers))
        for name, numbers in entry.slots.items()
    }
