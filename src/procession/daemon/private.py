"""Directories for us alone: made so whatever the umask, and refused where somebody else has a say.

Only the directory itself is looked at. Who may write to its parents is for the user to know.
"""

from __future__ import annotations

import os
import shlex
import stat

from procession.errors import UnsafePath


def make_private(path: str, *, is_shared: bool = False) -> str:
    """Make ``path`` and what is missing above it with mode 0700, or accept what is ours alone already.

    ``is_shared`` also accepts one that others may read, but not write to. Raises: UnsafePath; OSError: cannot be made.
    """
    parent = os.path.dirname(path)
    if not os.path.isdir(parent):
        make_private(parent, is_shared=True)
    try:
        os.mkdir(path, 0o700)
        os.chmod(path, 0o700)  # an odd umask may have taken our own rights
    except FileExistsError:
        check_private(path)
        if not is_shared and os.lstat(path).st_mode & 0o077:
            os.chmod(path, 0o700)
    return path


def check_private(path: str) -> None:
    """Refuse what is no directory of ours, or can be written to by others. Raises: UnsafePath."""
    facts = os.lstat(path)
    if stat.S_ISLNK(facts.st_mode):
        hint = "name the directory that it leads to, with PROCESSION_HOME"
        raise UnsafePath(path, "it is a symbolic link", hint=hint)
    if not stat.S_ISDIR(facts.st_mode):
        raise UnsafePath(path, "it is no directory", hint="move it away, or set PROCESSION_HOME")
    check_owner(path, facts)
    if facts.st_mode & 0o022:
        raise UnsafePath(path, "others may write to it", hint=f"chmod go-w {shlex.quote(path)}")


def check_owner(path: str, facts: os.stat_result) -> None:
    """Refuse what belongs to somebody else. Raises: UnsafePath."""
    if facts.st_uid != os.geteuid():
        reason = f"it belongs to user {facts.st_uid}, and we are user {os.geteuid()}"
        raise UnsafePath(path, reason, hint="set PROCESSION_HOME (and XDG_RUNTIME_DIR) to directories of your own")
