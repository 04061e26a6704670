"""The two directories of a daemon by the environment: one that survives a reboot, one for its sockets. Pure of I/O.

Light: the quickest verb of the command line is done before anything heavier would be loaded.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # the module that defines it costs more than this one
if TYPE_CHECKING:
    from collections.abc import Mapping

API_SOCKET = "api.sock"


def state_directory(environ: Mapping[str, str] | None = None) -> str:
    """Say where Procession keeps its state for this user."""
    given = os.environ if environ is None else environ
    if home := given.get("PROCESSION_HOME"):
        return os.path.abspath(home)
    base = given.get("XDG_STATE_HOME", "")
    if not base.startswith("/"):  # a relative one is to be ignored, says its specification
        base = os.path.expanduser("~/.local/state")
    return os.path.normpath(f"{base}/procession")


def runtime_directory(home: str, environ: Mapping[str, str] | None = None) -> str:
    """Say where the sockets of the daemon of ``home`` are: each home has a daemon of its own."""
    base = (os.environ if environ is None else environ).get("XDG_RUNTIME_DIR", "")
    if not base.startswith("/"):
        return f"{home}/run"
    shared = os.path.normpath(f"{base}/procession")
    if home == os.path.expanduser("~/.local/state/procession"):
        return shared
    import hashlib  # noqa: PLC0415 - a client of the usual home is not to pay for it

    return f"{shared}/{hashlib.sha256(os.fsencode(home)).hexdigest()[:8]}"


def api_socket() -> str:
    """Say where the daemon of this user and environment answers."""
    return f"{runtime_directory(state_directory())}/{API_SOCKET}"
