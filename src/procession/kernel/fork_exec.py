"""Start a program with vfork and exec, and learn at once whether exec succeeded.

`_posixsubprocess.fork_exec` is what `subprocess.Popen` itself calls. It is used directly because a Popen object would
reap behind our back (docs/design/gotchas.md, "A dropped Popen reaps"). Its signature is private: should it ever change,
the public Popen is the fallback, disarmed. Never `preexec_fn`, which forces a real fork.
"""

from __future__ import annotations

import fcntl
import os

from procession.kernel.pidfd_open import open_pidfd

TYPE_CHECKING = False  # what type checkers take for True; the keeper imports this file, and `typing` is slow to import
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

try:
    import _posixsubprocess
except ImportError:  # another implementation of Python
    _fork_exec: Any = None
else:
    _fork_exec = _posixsubprocess.fork_exec

_ERROR_REPORT_BYTES = 4096
_SIGKILL = 9


class Spawning:
    """Everything the kernel needs to start one program. All text is bytes, all descriptors are open and ours."""

    __slots__ = ("argv", "cwd", "environment", "executable", "pass_fds", "stderr", "stdin", "stdout", "umask")

    def __init__(
        self,
        *,
        argv: Sequence[bytes],
        executable: bytes,
        environment: Sequence[bytes] | None,
        cwd: bytes | None,
        stdin: int,
        stdout: int,
        stderr: int,
        pass_fds: tuple[int, ...] = (),
        umask: int = -1,
    ) -> None:
        """Keep them."""
        self.argv = argv
        self.executable = executable
        self.environment = environment
        self.cwd = cwd
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.pass_fds = pass_fds
        self.umask = umask

    def through(self, executable: bytes, argv: Sequence[bytes], pass_fds: tuple[int, ...]) -> Spawning:
        """Give the same, but begun by another program, which also gets ``pass_fds``."""
        return Spawning(
            argv=argv,
            executable=executable,
            environment=self.environment,
            cwd=self.cwd,
            stdin=self.stdin,
            stdout=self.stdout,
            stderr=self.stderr,
            pass_fds=(*self.pass_fds, *pass_fds),
            umask=self.umask,
        )


class Child:
    """A child of ours. ``pidfd`` is None if it has ended, and was reaped by others, before we could look."""

    __slots__ = ("pid", "pidfd")

    def __init__(self, pid: int, pidfd: int | None) -> None:
        """Keep both."""
        self.pid = pid
        self.pidfd = pidfd


class ExecFailed(OSError):
    """The kernel refused. ``stage`` is ``fork``, ``cwd`` or ``exec``; ``errno`` its number."""

    def __init__(self, errno: int, stage: str) -> None:
        """Keep both."""
        super().__init__(errno, os.strerror(errno))
        self.stage = stage

    @classmethod
    def of(cls, error: OSError) -> ExecFailed:
        """Take any refusal on the way to the fork for what it is: one of the fork."""
        return error if isinstance(error, ExecFailed) else cls(error.errno or 0, "fork")


def fork_and_exec(spawning: Spawning) -> Child:
    """Start the program in a session of its own, with only the given descriptors, and hold it.

    Blocks until exec has happened (vfork). Raises: ExecFailed; then no child is left.
    """
    return _hold(fork_unheld(spawning))


def fork_unheld(spawning: Spawning) -> int:
    """Start it likewise, but give only its pid: for a parent that alone reaps its children. Raises: ExecFailed."""
    if _fork_exec is None:
        return _popen(spawning)
    try:
        read_end, write_end = _pipe_above_stdio()
    except OSError as error:
        raise ExecFailed.of(error) from None
    try:
        pid = _fork(spawning, read_end, write_end)
        os.close(write_end)
        write_end = -1
        report = os.read(read_end, _ERROR_REPORT_BYTES)
    finally:
        os.close(read_end)
        if write_end >= 0:
            os.close(write_end)
    if report:
        _reap_failed(pid)
        raise _parse_report(report)
    return pid


def _hold(pid: int) -> Child:
    """Open a descriptor on the child, or take it back. Raises: ExecFailed."""
    try:
        return Child(pid, open_pidfd(pid))
    except OSError as error:
        _kill_own(pid)
        _reap_failed(pid)
        raise ExecFailed.of(error) from None


def _fork(spawning: Spawning, read_end: int, write_end: int) -> int:
    keep = tuple(sorted({write_end, *spawning.pass_fds})) if spawning.pass_fds else (write_end,)
    try:
        pid: int = _fork_exec(  # by position only: it is C
            spawning.argv, (spawning.executable,), True, keep, spawning.cwd, spawning.environment,
            spawning.stdin, -1, -1, spawning.stdout, -1, spawning.stderr, read_end, write_end,
            True, True, -1, None, None, None, spawning.umask, None, True,
        )  # fmt: skip
    except TypeError:  # the private signature changed
        return _popen(spawning)
    except OSError as error:
        raise ExecFailed.of(error) from None
    return pid


def _pipe_above_stdio() -> tuple[int, int]:
    """Make a pipe whose write end cannot be overwritten by the child's own 0, 1 and 2."""
    read_end, write_end = os.pipe()
    if write_end > 2:
        return read_end, write_end
    try:
        return read_end, fcntl.fcntl(write_end, fcntl.F_DUPFD_CLOEXEC, 3)
    finally:
        os.close(write_end)


def _parse_report(report: bytes) -> ExecFailed:
    # "OSError:<errno in hex>:<noexec or empty>", written by the child between fork and exec
    try:
        _, number, stage = report.split(b":", 2)
        return ExecFailed(int(number, 16), "cwd" if stage.startswith(b"noexec:chdir") or stage == b"noexec" else "exec")
    except ValueError:
        return ExecFailed(0, "exec")


def _kill_own(pid: int) -> None:
    try:
        os.kill(pid, _SIGKILL)  # our own child, not reaped yet: the number is still its own
    except ProcessLookupError:
        return


def _reap_failed(pid: int) -> None:
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:  # somebody else in this program reaps everything; it is gone anyway
        return


def _popen(spawning: Spawning) -> int:
    import subprocess  # noqa: PLC0415 - slow to import, and hardly ever needed

    try:
        process = subprocess.Popen(
            list(spawning.argv),
            executable=spawning.executable,
            env=_as_dict(spawning.environment),
            cwd=spawning.cwd,
            stdin=spawning.stdin,
            stdout=spawning.stdout,
            stderr=spawning.stderr,
            pass_fds=spawning.pass_fds,
            start_new_session=True,
            umask=spawning.umask,
        )
    except OSError as error:
        stage = "cwd" if spawning.cwd is not None and error.filename == spawning.cwd else "exec"
        raise ExecFailed(error.errno or 0, stage) from None
    process.returncode = 0  # ours to reap, not Popen's
    return process.pid


def _as_dict(environment: Sequence[bytes] | None) -> dict[bytes, bytes] | None:
    if environment is None:
        return None
    pairs = (variable.partition(b"=") for variable in environment)
    return {name: value for name, _, value in pairs}
