"""Where a daemon keeps its state and where it listens. The same answer for the daemon and for whoever looks for it.

Not here: files within the store's and the logs' directories, whose rooms know them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from procession.daemon.places import API_SOCKET, runtime_directory, state_directory
from procession.daemon.private import make_private


class Paths(NamedTuple):
    """``home`` survives a reboot; ``runtime`` holds the sockets."""

    home: str
    runtime: str

    @property
    def store(self) -> str:
        """The database."""
        return f"{self.home}/store.db"

    @property
    def logs(self) -> str:
        """The directory that has one directory per task."""
        return f"{self.home}/logs"

    @property
    def spool(self) -> str:
        """Where input is laid that goes with a task, until that is accepted."""
        return f"{self.home}/spool"

    @property
    def exits_journal(self) -> str:
        """What the keeper writes of exits before anybody has taken note of them."""
        return f"{self.home}/exits.journal"

    @property
    def lock(self) -> str:
        """The file whose lock makes a daemon the only one."""
        return f"{self.home}/lock"

    @property
    def daemon_log(self) -> str:
        """What a daemon prints that was started on demand."""
        return f"{self.home}/daemon.log"

    @property
    def api_socket(self) -> str:
        """Where the daemon answers."""
        return f"{self.runtime}/{API_SOCKET}"

    @property
    def keeper_socket(self) -> str:
        """Where the keeper answers."""
        return f"{self.runtime}/keeper.sock"

    @property
    def notices(self) -> str:
        """The directory of the sockets at which tasks are listened to."""
        return f"{self.runtime}/notify"

    @property
    def checkpoints(self) -> str:
        """Where each task that saves its work leaves a file of it."""
        return f"{self.home}/checkpoints"

    @property
    def markers(self) -> str:
        """The directory that has a file for every task that is done."""
        return f"{self.home}/markers"

    def make(self) -> None:
        """Make the directories, for us alone. Raises: UnsafePath, OSError."""
        make_private(self.home, is_shared=True)
        make_private(self.runtime)
        make_private(self.notices)
        make_private(self.logs)
        make_private(self.spool)
        make_private(self.markers)
        make_private(self.checkpoints)


def find_paths(environ: Mapping[str, str] | None = None) -> Paths:
    """Say where the daemon of this user and environment is at home; nothing is made."""
    given = os.environ if environ is None else environ
    home = state_directory(given)
    return Paths(home=home, runtime=runtime_directory(home, given))
