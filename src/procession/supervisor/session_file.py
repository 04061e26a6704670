"""The file in which a client keeps its session, where it does not say it: the newest that fits, written since it began.

Of two that run in one directory it cannot tell whose it is: a profile that names another way has that instead.
"""

from __future__ import annotations

import glob
import os
from typing import TYPE_CHECKING, Final

from procession.monitor.agents.resuming import session_in_file

if TYPE_CHECKING:
    from procession.model.agent import AgentProfile

_READ_BYTES: Final = 1 << 16


def find_session(profile: AgentProfile, cwd: str | None, since: float) -> str | None:
    """Give the id that stands in the newest file of the profile's ``session.file``; None if there is none."""
    rules = profile.session.file
    if rules is None:
        return None
    pattern = os.path.join(glob.escape(cwd or os.curdir), os.path.expanduser(rules.glob))
    written = [(at, path) for path in glob.iglob(pattern) if (at := _written_at(path)) >= since]
    return session_in_file(profile, _read(max(written)[1])) if written else None


def _written_at(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _read(path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        return os.read(descriptor, _READ_BYTES)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
