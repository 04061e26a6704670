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
import stat
import time
from typing import TYPE_CHECKING

from procession.errors import ProcessionError

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT_RUNS = 20


@contextlib.contextmanager
def open_run_directory(task_file: str, asked_for: str | None) -> Iterator[str]:
    """Make the directory of this run, or use the one ``asked_for``; inside the block no other run removes it."""
    try:
        path = _make_private(os.path.abspath(asked_for)) if asked_for else _make_run_directory(task_file)
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


def state_directory() -> str:
    """Say where Procession keeps its state for this user."""
    if home := os.environ.get("PROCESSION_HOME"):
        return os.path.abspath(home)
    base = os.environ.get("XDG_STATE_HOME", "")
    if not base.startswith("/"):  # a relative one is to be ignored, says its specification
        base = os.path.expanduser("~/.local/state")
    return f"{base}/procession"


def _make_run_directory(task_file: str) -> str:
    runs = _make_private(f"{_make_private(state_directory())}/runs")
    _remove_old_runs(runs)
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", os.path.basename(task_file).removesuffix(".toml")).strip("-") or "tasks"
    began = time.strftime("%Y%m%d-%H%M%S")
    return _make_private(f"{runs}/{stem[:60]}-{began}-{os.getpid()}")


def _make_private(path: str) -> str:
    """Make a directory for us alone, or accept one that nobody else can write to."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    try:
        os.mkdir(path, 0o700)
        os.chmod(path, 0o700)  # an odd umask may have taken our own rights
    except FileExistsError:
        _check_private(path)
    return path


def _check_private(path: str) -> None:
    facts = os.stat(path)
    if not stat.S_ISDIR(facts.st_mode):
        raise ProcessionError(f"cannot keep logs in {path}: it is no directory")
    if facts.st_uid != os.geteuid():
        raise ProcessionError(f"cannot keep logs in {path}: it belongs to another user")
    if facts.st_mode & 0o022:
        raise ProcessionError(f"cannot keep logs in {path}: others may write to it", hint=f"chmod go-w {path}")


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
