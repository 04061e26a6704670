"""Where a run of `up` keeps what its tasks print: one private directory per run, the newest twenty of them.

Below ``$PROCESSION_HOME``, else ``$XDG_STATE_HOME/procession``, else ``~/.local/state/procession``. Directories have
mode 0700 whatever the umask; a state directory that others own or may write to is refused.
Not here: writing the logs (the tasks do it themselves) and reading them (``tail``).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import time
from typing import TYPE_CHECKING

from procession.daemon.places import state_directory
from procession.daemon.private import make_private
from procession.errors import ProcessionError

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT_RUNS = 20


@contextlib.contextmanager
def open_run_directory(task_file: str, asked_for: str | None) -> Iterator[str]:
    """Make the directory of this run, or use the one ``asked_for``; inside the block no other run removes it."""
    try:
        path = (
            make_private(os.path.realpath(asked_for), is_shared=True) if asked_for else _make_run_directory(task_file)
        )
    except OSError as error:
        hint = "name a directory for the logs with --logs DIR, or set PROCESSION_HOME"
        raise ProcessionError(f"cannot keep logs in {error.filename}: {error.strerror}", hint=hint) from None
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # locks are a help for retention, no condition
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield path
    finally:
        os.close(descriptor)


def write_privately(path: str, content: bytes) -> None:
    """Write a file for us alone, whole or not at all: a reader never sees half of it. Raises: OSError."""
    temporary = f"{path}.{os.getpid()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise


def _make_run_directory(task_file: str) -> str:
    home = make_private(state_directory(), is_shared=True)
    runs = make_private(f"{home}/runs")
    _remove_old_runs(runs)
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", os.path.basename(task_file).removesuffix(".toml")).strip("-") or "tasks"
    began = time.strftime("%Y%m%d-%H%M%S")
    return make_private(f"{runs}/{stem[:60]}-{began}-{os.getpid()}")


def _remove_old_runs(runs: str) -> None:
    """Remove all but the newest; those that are still under way stay."""
    by_age = sorted((entry for entry in os.scandir(runs) if entry.is_dir(follow_symlinks=False)), key=_changed_at)
    for entry in by_age[: -(KEPT_RUNS - 1)]:
        if not _is_in_use(entry.path):
            shutil.rmtree(entry.path, ignore_errors=True)


def _changed_at(entry: os.DirEntry[str]) -> float:
    return entry.stat(follow_symlinks=False).st_mtime


def _is_in_use(path: str) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
