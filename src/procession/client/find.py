"""Where the daemon is found: its home, and the socket on which it listens. Nothing is opened or made here.

Kept light: the quickest verbs of the command line ask this first, so a hash is loaded only where one is needed.
"""

from __future__ import annotations

import os

NAME = "procession"
SOCKET_NAME = "api.sock"


def home_directory() -> str:
    """Give the directory of all that is kept: $PROCESSION_HOME, else below the user's state."""
    if given := os.environ.get("PROCESSION_HOME"):
        return os.path.abspath(given)
    state = os.environ.get("XDG_STATE_HOME", "")
    if not state.startswith("/"):  # a relative one is to be ignored, says its specification
        state = _plain_state()
    return os.path.normpath(f"{state}/{NAME}")


def runtime_directory() -> str:
    """Give the directory of the sockets; one for each home."""
    home = home_directory()
    below = os.environ.get("XDG_RUNTIME_DIR", "")
    if not below.startswith("/"):
        return f"{home}/run"
    shared = os.path.normpath(f"{below}/{NAME}")
    return shared if home == f"{_plain_state()}/{NAME}" else f"{shared}/{_digest(home)}"


def socket_path() -> str:
    """Give the path of the socket on which the daemon of our home listens."""
    return f"{runtime_directory()}/{SOCKET_NAME}"


def _plain_state() -> str:
    return os.path.expanduser("~/.local/state")


def _digest(home: str) -> str:
    import hashlib  # noqa: PLC0415 - loads a library of ciphers; the default home needs none

    return hashlib.sha256(os.fsencode(home)).hexdigest()[:8]
