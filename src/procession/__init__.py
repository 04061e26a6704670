"""Procession runs many long-lived, talkative, hungry programs at once, and lets nothing be lost.

This file is the public face: names only, each loaded from its room when it is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False  # what type checkers take for True; the module that defines it costs more than all else here

_ROOMS = {
    "procession.client.async_client": "AsyncClient",
    "procession.client.client": "Client",
    "procession.client.marker": "wait_marker wait_marker_blocking",
    "procession.errors": (
        "AlreadyEnded BadFormat BadWorkingDirectory CancelledRun CannotSignal Conflict ConnectionLost "
        "CoreDumped DaemonRunning DaemonUnavailable Disconnected EndError ExitedWithCode ForeignPeer "
        "InputClosed InterpreterMissing InvalidCheckpoint InvalidCommand InvalidMarker InvalidMessage "
        "InvalidProfile InvalidSignal "
        "InvalidTask InvalidTaskFile InvalidTransition KeeperLost KeeperUnavailable KilledBySignal "
        "MessageTooLarge NoDescriptorsLeft NoProcessesLeft NoRoom NotExecutable OutcomeUnknown "
        "OutputLimitReached ProcessionError ProgramNotFound RequestRefused RequestTimedOut StartError "
        "StartFailed StartTimedOut StdioUnavailable Stopped StoreUnavailable StreamUnavailable TalkError "
        "TextFileBusy TimedOut TooLong UnknownTask UnsafePath UsageError"
    ),
    "procession.ipc.channel": "Channel",
    "procession.ipc.marker": "Marker",
    "procession.ipc.request": "Request",
    "procession.model.checkpoint": "Checkpoint SaveReport",
    "procession.model.checkpointing": "Checkpointing",
    "procession.model.command": "Command StopStep command shell",
    "procession.model.limits": "Limits",
    "procession.model.monitoring": "Monitoring",
    "procession.model.monitoring_rules": "MonitoringRules",
    "procession.model.need": "Need",
    "procession.model.outcome": "ExitStatus Outcome OutcomeKind Usage",
    "procession.model.pool": "PoolSettings",
    "procession.model.reaction": "Reaction",
    "procession.model.readiness": "ByFile ByHttp ByLog ByNotice ByPort",
    "procession.model.state": "State TRANSITIONS",
    "procession.model.stdio": "Descriptor File INHERIT Inherit Log MERGED Merged NULL Null PIPE PTY Pipe Pty",
    "procession.model.task": "Dependency Task",
    "procession.model.view": "TaskView",
    "procession.pool.blocking_pool": "BlockingPool",
    "procession.pool.executor": "CommandExecutor",
    "procession.pool.pool": "Pool",
    "procession.process.announce": "json_lines",
    "procession.process.fork": "Worker fork",
    "procession.process.keeper": "Keeper",
    "procession.process.process": "Process",
    "procession.process.result": "Result",
    "procession.process.run": "run run_blocking",
    "procession.process.spawn": "spawn",
    "procession.streams.follow": "follow",
    "procession.streams.pieces": "PartialBytes PartialText",
    "procession.streams.replay": "replay",
    "procession.supervisor.supervisor": "Supervisor",
    "procession.version": "VERSION",
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names.split()}
_ROOM_OF["__version__"] = "procession.version"

__all__ = sorted(set(_ROOM_OF) - {"__version__"})  # noqa: PLE0605 - computed once, from the table above

if TYPE_CHECKING:
    from procession.client.async_client import AsyncClient as AsyncClient
    from procession.client.client import Client as Client
    from procession.client.marker import (
        wait_marker as wait_marker,
        wait_marker_blocking as wait_marker_blocking,
    )
    from procession.errors import *
    from procession.ipc.channel import Channel as Channel
    from procession.ipc.marker import Marker as Marker
    from procession.ipc.request import Request as Request
    from procession.model.checkpoint import Checkpoint as Checkpoint, SaveReport as SaveReport
    from procession.model.checkpointing import Checkpointing as Checkpointing
    from procession.model.command import Command as Command, StopStep as StopStep, command as command, shell as shell
    from procession.model.limits import Limits as Limits
    from procession.model.monitoring import Monitoring as Monitoring
    from procession.model.monitoring_rules import MonitoringRules as MonitoringRules
    from procession.model.need import Need as Need
    from procession.model.outcome import (
        ExitStatus as ExitStatus,
        Outcome as Outcome,
        OutcomeKind as OutcomeKind,
        Usage as Usage,
    )
    from procession.model.pool import PoolSettings as PoolSettings
    from procession.model.reaction import Reaction as Reaction
    from procession.model.readiness import (
        ByFile as ByFile,
        ByHttp as ByHttp,
        ByLog as ByLog,
        ByNotice as ByNotice,
        ByPort as ByPort,
    )
    from procession.model.state import TRANSITIONS as TRANSITIONS, State as State
    from procession.model.stdio import *
    from procession.model.task import Dependency as Dependency, Task as Task
    from procession.model.view import TaskView as TaskView
    from procession.pool.blocking_pool import BlockingPool as BlockingPool
    from procession.pool.executor import CommandExecutor as CommandExecutor
    from procession.pool.pool import Pool as Pool
    from procession.process.announce import json_lines as json_lines
    from procession.process.fork import Worker as Worker, fork as fork
    from procession.process.keeper import Keeper as Keeper
    from procession.process.process import Process as Process
    from procession.process.result import Result as Result
    from procession.process.run import run as run, run_blocking as run_blocking
    from procession.process.spawn import spawn as spawn
    from procession.streams.follow import follow as follow
    from procession.streams.pieces import PartialBytes as PartialBytes, PartialText as PartialText
    from procession.streams.replay import replay as replay
    from procession.supervisor.supervisor import Supervisor as Supervisor
    from procession.version import VERSION as VERSION


def __getattr__(name: str) -> object:
    room = _ROOM_OF.get(name)
    if room is None:
        message = f"module 'procession' has no attribute {name!r}"
        raise AttributeError(message)
    import importlib

    value = getattr(importlib.import_module(room), "VERSION" if name == "__version__" else name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
