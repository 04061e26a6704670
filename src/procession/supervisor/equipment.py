"""What an attempt is given beside what its task says: who it is, and ways to speak to us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from procession.wire.variables import ATTEMPT, MARKER, TASK

if TYPE_CHECKING:
    from procession.model.command import Command
    from procession.supervisor.entry import Entry


def equipped(entry: Entry) -> Command:
    """Give the command of the next attempt of ``entry``, told which attempt of which task it is."""
    command = entry.task.command
    told: dict[str, str | None] = {TASK: entry.id, ATTEMPT: str(entry.view.attempt), MARKER: entry.marker}
    given = entry.stored.given()
    env = {**command.env, **told, **given.get("env", {})}
    return command.placed(env=env, notify=True, fds={**command.fds, **given.get("fds", {})})
