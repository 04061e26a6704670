"""From a command to a running child: validate, open, fork, and give back what is needed to look after it.

Nothing is created before everything was validated; what fails afterwards takes everything with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field

from procession.errors import (
    BadFormat,
    BadWorkingDirectory,
    KeeperLost,
    NoDescriptorsLeft,
    NoProcessesLeft,
    NotExecutable,
    StartError,
    StartFailed,
    StartTimedOut,
    TextFileBusy,
)
from procession.kernel.fork_exec import ExecFailed, Spawning
from procession.kernel.oserrors import OUT_OF_DESCRIPTORS, OUT_OF_PROCESSES
from procession.model.command import Command
from procession.process import bootstrapping
from procession.process.environment import build_environment, encode_arguments, explain_refused_size, search_path
from procession.process.leader import Leader
from procession.process.parent import OwnParent, Parent
from procession.process.program import explain_exec_failure, find_program
from procession.process.stdio import OpenStreams, check_descriptors
from procession.process.tree import Tree
from procession.process.waiting import wait_for

_BUSY_TRIES = 5
_BUSY_PAUSE_S = 0.01
_END_LIMIT_S = 2.0


@dataclass(slots=True)
class Launched:
    """A leader that runs, with what belongs to it. ran_s: how long it has run already, pauses left out."""

    leader: Leader
    tree: Tree
    streams: OpenStreams
    started_at: float = field(default_factory=time.time)
    ran_s: float = 0.0
    is_taken_over: bool = False
    is_suspended: bool = False
    began: float = field(default_factory=time.monotonic)

    def duration_s(self, ended_at: float | None) -> float:
        """Say how long the leader lived. What ended while nobody looked is known by the wall clock only."""
        if self.is_taken_over and ended_at is not None:
            return max(ended_at - self.started_at, 0.0)
        return time.monotonic() - self.began


BeforeFork = Callable[[Tree, OpenStreams], Awaitable[None]]
"""Called when all is ready and nothing has been started: the last moment at which nothing need be undone."""


def check_command(command: Command, inherited: Mapping[str, str] | None = None) -> str:
    """Check everything that can be known beforehand, starting nothing; returns the program's absolute path.

    Raises: StartError of the kind that fits.
    """
    _check_cwd(command)
    check_descriptors(command)
    return find_program(command.argv[0], search_path(command, inherited), command.cwd, command)


default_parent: ContextVar[Callable[[], Parent]] = ContextVar("default_parent", default=OwnParent)
"""Makes the parent of each program that is launched without one. It belongs to an event loop, as a keeper does."""


async def launch(command: Command, parent: Parent | None = None, before_fork: BeforeFork | None = None) -> Launched:
    """Start ``command`` as a child of ``parent``. Raises: StartError of the kind that fits; nothing is left."""
    parent = parent or default_parent.get()()
    program = check_command(command, parent.inherited)
    arguments = encode_arguments(command)
    tree = parent.make_tree()
    try:
        streams = OpenStreams(command, parent.numbers, parent.notice_path() if command.listens else None)
    except BaseException:
        tree.close()
        raise
    try:
        environment = build_environment(command, tree.environment() | streams.environment, parent.inherited)
        spawning = _describe(command, program, arguments, environment, streams)
        parent.fix(spawning)
        if before_fork is not None:
            await before_fork(tree, streams)
        leader = await _fork(command, spawning, parent, tree, streams)
    except (KeeperLost, StartTimedOut) as error:  # a keeper does not know the command as people wrote it
        streams.close()
        await _give_up(tree, may_still_start=isinstance(error, StartTimedOut))
        raise type(error)(f"cannot start {command}: {error.message}", hint=error.hint, command=str(command)) from None
    except BaseException:
        streams.close()
        if parent.may_still_start:
            tree.release()
        else:
            tree.close()
        raise
    streams.close_child_ends()
    return Launched(leader, tree, streams)


async def _give_up(tree: Tree, *, may_still_start: bool) -> None:
    """End what may have been started; a tree in which somebody may still be born is not used again."""
    with contextlib.suppress(OSError):
        tree.kill()
    if not may_still_start and await wait_for(tree.is_empty, _END_LIMIT_S):
        tree.close()
    else:
        tree.release()


def _describe(
    command: Command, program: str, arguments: Sequence[bytes], environment: list[bytes] | None, streams: OpenStreams
) -> Spawning:
    return Spawning(
        argv=arguments,
        executable=os.fsencode(program),
        environment=environment,
        cwd=os.fsencode(command.cwd) if command.cwd is not None else None,
        stdin=streams.child[0],
        stdout=streams.child[1],
        stderr=streams.child[2],
        pass_fds=tuple(streams.further.values()),
        umask=-1 if command.limits.umask is None else command.limits.umask,
    )


async def _fork(command: Command, spawning: Spawning, parent: Parent, tree: Tree, streams: OpenStreams) -> Leader:
    if bootstrapping.is_needed(command, streams, parent):
        return await bootstrapping.fork(command, spawning, streams, parent=parent, tree=tree, translate=translate)
    for tries_left in reversed(range(_BUSY_TRIES)):
        try:
            return await parent.fork(spawning, tree)
        except OSError as error:
            failure = ExecFailed.of(error)
            if failure.errno != errno.ETXTBSY or not tries_left:
                raise translate(failure, command, os.fsdecode(spawning.executable)) from failure
        # a fork elsewhere may hold a just written file open for an instant: golang/go#22315
        await asyncio.sleep(_BUSY_PAUSE_S)
    raise AssertionError


def _check_cwd(command: Command) -> None:
    cwd = command.cwd
    if cwd is None or os.path.isdir(cwd):
        return
    problem = "is not a directory" if os.path.exists(cwd) else "does not exist"
    raise BadWorkingDirectory(
        f"cannot start {command}: the working directory {cwd} {problem}", command=str(command), cwd=cwd
    )


def translate(failure: ExecFailed, command: Command, program: str) -> StartError:
    """Say in our words what the kernel said with a number."""
    number = failure.errno or 0
    shown = str(command)
    if failure.stage == "cwd":
        message = f"cannot start {shown}: the working directory {command.cwd} cannot be entered: {failure.strerror}"
        return BadWorkingDirectory(message, command=shown, cwd=command.cwd, errno=number)
    if number in (errno.ENOENT, errno.ENOTDIR, errno.ENOEXEC):
        try:
            explain_exec_failure(program, shown)
        except StartError as explained:
            return explained
    if number == errno.E2BIG:
        return explain_refused_size(command)
    kind, why, hint = _MEANINGS.get(number, (StartFailed, failure.strerror or "refused", ""))
    if number in OUT_OF_PROCESSES and failure.stage == "fork":
        kind, why, hint = NoProcessesLeft, "no processes left", "wait for others to end, or raise the limit (ulimit -u)"
    elif number in OUT_OF_DESCRIPTORS:
        kind, why, hint = NoDescriptorsLeft, "no file descriptors left", "close some, or raise the limit (ulimit -n)"
    return kind(f"cannot start {shown}: {why}", hint=hint, command=shown, program=program, errno=number)


_MEANINGS: dict[int, tuple[type[StartError], str, str]] = {
    errno.EACCES: (NotExecutable, "permission denied", "check the permissions of the file and its directories"),
    errno.EPERM: (NotExecutable, "not permitted", "check the permissions of the file and its file system"),
    errno.ENOEXEC: (
        BadFormat,
        "the kernel cannot execute this file format",
        "begin a script with #!/bin/sh or the like",
    ),
    errno.ETXTBSY: (TextFileBusy, "somebody holds the program open for writing", "close it first"),
}
