"""When a job needs more than vfork and exec can give, and how it is started then: see `bootstrap`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from procession.errors import StartError, StartFailed
from procession.kernel.fork_exec import ExecFailed, Spawning
from procession.kernel.waiters import wake
from procession.model.command import Command
from procession.process.leader import Leader
from procession.process.parent import Parent
from procession.process.stdio import OpenStreams
from procession.process.tree import Tree, end_at_once

_PROGRAM = str(Path(__file__).with_name("bootstrap.py"))
_REPORT_BYTES = 64

Translate = Callable[[ExecFailed, Command, str], StartError]


def is_needed(command: Command, streams: OpenStreams, parent: Parent) -> bool:
    """Whether the job asks for a terminal, limits or moved descriptors, its own pid, or not to inherit signals."""
    limits = command.limits
    return (
        streams.pty_stream is not None
        or bool(limits.soft or limits.hard or limits.nice or parent.nice_change)
        or list(streams.further) != parent.numbers(list(streams.further.values()))
        or parent.leaks_signal_state
        or _names_its_pid(command)
    )


def _names_its_pid(command: Command) -> bool:
    """Whether it is given descriptors as sd_listen_fds(3) has it: then its own pid stands in its environment."""
    return command.env.get("LISTEN_FDS") is not None and "LISTEN_PID" not in command.env


async def fork(
    command: Command, spawning: Spawning, streams: OpenStreams, *, parent: Parent, tree: Tree, translate: Translate
) -> Leader:
    """Start the bootstrap in the job's place and wait until it has become the job. Raises: StartError."""
    program = os.fsdecode(spawning.executable)
    try:
        status, child_status = os.pipe()
    except OSError as error:
        raise translate(ExecFailed.of(error), command, program) from error
    try:
        leader = await _fork_bootstrap(
            command, _wrap(command, spawning, streams, child_status, parent), parent, tree, translate
        )
        os.close(child_status)
        child_status = -1
        try:
            report = await _read_report(status)
        except BaseException:
            end_at_once(tree, leader)
            raise
    finally:
        os.close(status)
        if child_status >= 0:
            os.close(child_status)
    if report:
        end_at_once(tree, leader)
        raise _explain(report, command, program, translate)
    return leader


async def _fork_bootstrap(
    command: Command, spawning: Spawning, parent: Parent, tree: Tree, translate: Translate
) -> Leader:
    try:
        return await parent.fork(spawning, tree)
    except OSError as error:
        failure = ExecFailed.of(error)
        raise translate(failure, command, os.fsdecode(spawning.executable)) from failure


def _wrap(command: Command, spawning: Spawning, streams: OpenStreams, status: int, parent: Parent) -> Spawning:
    further = (*spawning.pass_fds, status)
    *sources, status_there = parent.numbers(further)
    spec = {
        "status": status_there,
        "terminal": streams.pty_stream,
        "soft": command.limits.soft,
        "hard": command.limits.hard,
        "nice": command.limits.nice,
        "inherited_nice": parent.nice_change,
        "fds": list(zip(streams.further, sources, strict=True)),
        "program": os.fsdecode(spawning.executable),
        "listens": _names_its_pid(command),
    }
    python = os.fsencode(sys.executable)
    start = [python, b"-I", b"-S", os.fsencode(_PROGRAM), json.dumps(spec).encode()]
    return spawning.through(python, [*start, *spawning.argv], (status,))


async def _read_report(status: int) -> bytes:
    """Wait for the end of the status pipe: empty when exec closed it, else what failed."""
    os.set_blocking(status, False)
    loop = asyncio.get_running_loop()
    readable = loop.create_future()
    loop.add_reader(status, wake, readable)
    try:
        await readable
    finally:
        loop.remove_reader(status)
    return os.read(status, _REPORT_BYTES)


def _explain(report: bytes, command: Command, program: str, translate: Translate) -> StartError:
    stage, _, number = report.decode().partition(":")
    failure = ExecFailed(int(number), stage)
    if stage == "exec":
        return translate(failure, command, program)
    shown = str(command)
    return StartFailed(
        f"cannot start {shown}: its {stage} cannot be set: {failure.strerror}", command=shown, errno=failure.errno
    )
