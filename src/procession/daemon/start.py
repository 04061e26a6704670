"""Starting a daemon on demand: detached, its complaints in a log, and not before it answers is it called started.

Two callers at once start one. Not here: what a daemon does (``run``), and speaking to it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Final

from procession.daemon.locate import find_socket
from procession.daemon.paths import Paths
from procession.errors import DaemonUnavailable
from procession.kernel import cgroup
from procession.kernel.unix_address import short_address
from procession.process.snapshot import COOKIE_VARIABLE
from procession.wire.sparing import MARK

START_LIMIT_S: Final = 20.0
_LOG_LINES: Final = 5
_LOG_TAIL_BYTES: Final = 4096
_DAEMON: Final = ("-m", "procession", "daemon", "run")


def start_daemon(paths: Paths, arguments: Sequence[str] = _DAEMON, *, limit_s: float = START_LIMIT_S) -> str:
    """Give the socket of the daemon, which is started if there is none; ``arguments`` are those of our interpreter.

    Blocks for at most ``limit_s``. Raises: DaemonUnavailable, ForeignPeer, UnsafePath, OSError.
    """
    deadline = time.monotonic() + limit_s
    if found := find_socket(paths):
        return found
    paths.make()
    with _hold_start_lock(paths, deadline):
        if found := find_socket(paths):
            return found
        _start(paths, arguments, deadline)
    found = find_socket(paths)
    if found is None:
        raise _unavailable(paths, "it was started, but does not answer")
    return found


def _start(paths: Paths, arguments: Sequence[str], deadline: float) -> None:
    with _listen_for_ready(paths) as (ready, address), _watch(_spawn(paths, arguments, address)) as ended:
        poll = select.poll()
        for descriptor in (ready.fileno(), ended):
            poll.register(descriptor, select.POLLIN)
        while left := _left_ms(deadline):
            heard = {descriptor for descriptor, _ in poll.poll(left)}
            if ready.fileno() in heard and b"READY=1" in ready.recv(4096).split(b"\n"):
                return
            if ended in heard:
                raise _unavailable(paths, "it ended while it started")
    raise _unavailable(paths, "it did not become ready in time")


@contextlib.contextmanager
def _listen_for_ready(paths: Paths) -> Iterator[tuple[socket.socket, str]]:
    """The daemon tells us what it would tell systemd, so there is nothing to poll."""
    path = f"{paths.runtime}/start-{os.getpid()}.sock"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        with short_address(path) as address:
            channel.bind(address)
        try:
            yield channel, path
        finally:
            os.unlink(path)


def _spawn(paths: Paths, arguments: Sequence[str], notify: str) -> int:
    detach = os.path.join(os.path.dirname(__file__), "detach.py")
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    log = os.open(paths.daemon_log, flags, 0o600)
    # Started from inside a task, it is to be none of its tree: not by the group, not by the cookie.
    group = cgroup.outside_of_ours(cgroup.find_home() or "")
    environment = {name: value for name, value in os.environ.items() if name != COOKIE_VARIABLE}
    try:
        os.fchmod(log, 0o600)
        done = subprocess.run(
            [sys.executable, "-I", "-S", detach, group, sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd="/",
            env=environment | {MARK: "1", "PROCESSION_HOME": paths.home, "NOTIFY_SOCKET": notify},
            check=True,
        )
    except subprocess.CalledProcessError:
        raise _unavailable(paths, "it could not be started") from None
    finally:
        os.close(log)
    return int(done.stdout)


@contextlib.contextmanager
def _watch(pid: int) -> Iterator[int]:
    """Give a descriptor that becomes readable when the daemon ends. It is only looked at, never signalled."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:  # gone already: the other end of a closed pipe says the same
        descriptor, writing = os.pipe()
        os.close(writing)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _hold_start_lock(paths: Paths, deadline: float) -> Iterator[None]:
    descriptor = os.open(f"{paths.home}/start.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if not _left_ms(deadline):
                raise _unavailable(paths, "another program has been starting it for too long")
            time.sleep(0.02)  # nothing tells that a lock was given back
        yield
    finally:
        os.close(descriptor)


def _left_ms(deadline: float) -> int:
    return max(int((deadline - time.monotonic()) * 1000), 0)


def _unavailable(paths: Paths, reason: str) -> DaemonUnavailable:
    said = _last_lines(paths.daemon_log)
    hint = f"the last lines of {paths.daemon_log}: {said}" if said else f"its log is {paths.daemon_log}"
    return DaemonUnavailable(paths.api_socket, reason, hint=hint)


def _last_lines(path: str) -> str:
    try:
        with open(path, "rb") as file:
            file.seek(max(os.fstat(file.fileno()).st_size - _LOG_TAIL_BYTES, 0))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join([line for line in lines if line.strip()][-_LOG_LINES:])
