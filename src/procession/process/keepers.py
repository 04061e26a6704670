"""Starting a keeper, and finding one that runs already.

*Attached*: it is ours, over a socket nobody else can reach, and ends with us. *Durable*: it listens at a path, keeps on
without us, and serves whoever comes next.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from procession.errors import KeeperUnavailable
from procession.kernel.fork_exec import Child, ExecFailed, Spawning, fork_and_exec
from procession.wire.sparing import MARK

_PROGRAM = str(Path(__file__).parents[1] / "keeper" / "__main__.py")
_PYTHON = (b"-I", b"-S")


def start_attached(grace_s: float, home_procs: str) -> tuple[Child, socket.socket]:
    """Start a keeper that ends all it cares for, after a grace, when this process is gone. Raises: KeeperUnavailable.

    home_procs: the ``cgroup.procs`` of the group that we live in; empty where there are no groups.
    """
    ours, its = socket.socketpair()
    try:
        with its:
            number = its.fileno()
            return _start([b"attached", b"%d" % number, b"%g" % grace_s, os.fsencode(home_procs)], number), ours
    except BaseException:
        ours.close()
        raise


def start_durable(listener: socket.socket, journal: str, home_procs: str) -> Child:
    """Start a keeper that listens on ``listener`` and writes exits to ``journal``. Raises: KeeperUnavailable."""
    number = listener.fileno()
    marked = [name + b"=" + value for name, value in os.environb.items()] + [f"{MARK}=1".encode()]
    return _start([b"durable", b"%d" % number, os.fsencode(journal), os.fsencode(home_procs)], number, marked)


def _start(arguments: list[bytes], descriptor: int, environment: list[bytes] | None = None) -> Child:
    python = os.fsencode(sys.executable)
    nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        return fork_and_exec(
            Spawning(
                argv=[python, *_PYTHON, os.fsencode(_PROGRAM), *arguments],
                executable=python,
                environment=environment,
                cwd=b"/",
                stdin=nowhere,
                stdout=nowhere,
                stderr=2 if _has_stderr() else nowhere,
                pass_fds=(descriptor,),
            )
        )
    except ExecFailed as error:
        raise KeeperUnavailable(f"the keeper cannot be started: {error.strerror}") from error
    finally:
        os.close(nowhere)


def _has_stderr() -> bool:
    try:
        os.fstat(2)
    except OSError:
        return False
    return True
