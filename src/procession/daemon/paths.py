"""Where a daemon keeps its state and where it listens. The same answer for the daemon and for whoever looks for it.

Not here: files within the store's and the logs' directories, whose rooms know them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

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
        return f"{self.runtime}/api.sock"

    @property
    def keeper_socket(self) -> str:
        """Where the keeper answers."""
        return f"{self.runtime}/keeper.sock"

    def make(self) -> None:
        """Make the directories, for us alone. Raises: UnsafePath, OSError."""
        make_private(self.home, is_shared=True)
        make_private(self.runtime)
        make_private(self.logs)


def find_paths(environ: Mapping[str, str] | None = None) -> Paths:
    """Say where the daemon of this user and environment is at home; nothing is made."""
    given = os.environ if environ is None else environ
    home = state_directory(given)
    return Paths(home=home, runtime=_runtime_directory(home, given))


def state_directory(environ: Mapping[str, str] | None = None) -> str:
    """Say where Procession keeps its state for this user."""
    given = os.environ if environ is None else environ
    if home := given.get("PROCESSION_HOME"):
        return os.path.abspath(home)
    base = given.get("XDG_STATE_HOME", "")
    if not base.startswith("/"):  # a relative one is to be ignored, says its specification
        base = os.path.expanduser("~/.local/state")
    return os.path.normpath(f"{base}/procession")


def _runtime_directory(home: str, environ: Mapping[str, str]) -> str:
    base = environ.get("XDG_RUNTIME_DIR", "")
    if not base.startswith("/"):
        return f"{home}/run"
    shared = os.path.normpath(f"{base}/procession")
    if home == os.path.expanduser("~/.local/state/procession"):
        return shared
    import hashlib  # noqa: PLC0415 - a client of the usual home is not to pay for it

    # Each home has a daemon of its own, and so a place of its own for sockets.
    return f"{shared}/{hashlib.sha256(os.fsencode(home)).hexdigest()[:8]}"
