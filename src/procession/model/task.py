"""A task: a command under care, with a name, conditions and retries, as a frozen value.

It describes; `procession.supervisor` runs it and shows it as a `TaskView` (see ``model/view.py``).
Not here: the id. A registry gives it, and uses the name where there is one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, get_args

import msgspec
from msgspec import Struct

from procession.errors import InvalidCommand, InvalidTask
from procession.model.checkpointing import WITHOUT_CHECKPOINT, Checkpointing, WithoutCheckpoint
from procession.model.command import Argument, Command, normalise_argv
from procession.model.monitoring import NO_SETTINGS, Monitoring
from procession.model.names import check_name
from procession.model.need import NOTHING_NEEDED, Need
from procession.model.readiness import ByFile, Readiness
from procession.model.resume_template import check_resume_command

Condition = Literal["started", "ready", "succeeded", "ended"]
CONDITIONS: Final[tuple[str, ...]] = get_args(Condition)
Restart = Literal["no", "resume", "retry"]
RESTARTS: Final[tuple[str, ...]] = get_args(Restart)


class Dependency(Struct, frozen=True, forbid_unknown_fields=True):
    """Wait until ``task`` has started (in any attempt), is ready, succeeded, or ended (however, retries included)."""

    task: str
    condition: Condition = "succeeded"

    def __post_init__(self) -> None:
        """Raise InvalidTask for a name or condition that cannot be."""
        check_name(self.task, "after")
        if self.condition not in CONDITIONS:
            raise InvalidTask("after", f"has no condition {self.condition!r}; there are {', '.join(CONDITIONS)}")


class Task(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What to run, and when, and how often.

    retries: further attempts after one that ended badly by itself (see ``policy/retry.py``). Before retry *n* a delay
    of up to ``retry_delay_s * retry_factor ** (n - 1)``, never above ``retry_delay_limit_s``, is waited; the share
    ``retry_jitter`` of it is random.
    priority: higher starts first; equals start in the order they were submitted.
    delay_s: not before so long after it was submitted. labels: for people and scripts; nothing is decided by them.
    restart: what becomes of it if the machine goes down while it runs: nothing, or a new attempt, which either goes on
    where the last one was or begins anew.
    checkpoint: how it is asked to save its work; None: it is not. resume_command: what goes on from there, with
    ``{session}``, ``{checkpoint}``, ``{attempt}`` and ``{progress}`` filled in. without_checkpoint: what a further
    attempt that shall go on does where nothing can be gone on from: begin anew, wait to be asked, or fail. agent: the
    profile of the client of a coding agent that it is, or ``none``; else its command line tells.
    ready: how it is known that it can be used by those who wait for that; within ``ready_timeout_s`` of its start, or
    it is ended.
    done_when: the file whose being there means that its work is done. It has its grace to end by itself then, and is
    ended after that; without the file it has not succeeded, whatever its exit code.
    monitoring: how it is watched, and what is done about what is seen.
    need: what it will take; without a word about it, what its like took is known, or learned. kind: its like are those
    of the same kind, whatever their commands are. protect: it is never suspended or evicted to make room. contain: the
    memory it says it needs is a hard limit, beyond which the kernel ends it.
    """

    command: Command
    name: str | None = None
    after: tuple[Dependency, ...] = ()
    retries: int = 0
    retry_delay_s: float = 1.0
    retry_factor: float = 2.0
    retry_jitter: float = 1.0
    retry_delay_limit_s: float = 300.0
    priority: int = 0
    group: str | None = None
    delay_s: float = 0.0
    labels: dict[str, str] = {}
    restart: Restart = "no"
    checkpoint: Checkpointing | None = None
    resume_command: tuple[str, ...] | None = None
    without_checkpoint: WithoutCheckpoint = "retry"
    agent: str | None = None
    ready: Readiness | None = None
    ready_timeout_s: float | None = None
    done_when: ByFile | None = None
    monitoring: Monitoring = NO_SETTINGS
    need: Need = NOTHING_NEEDED
    kind: str | None = None
    protect: bool = False
    contain: bool = False

    def __post_init__(self) -> None:
        """Raise InvalidTask for a field that cannot be, naming it."""
        _check_kinds(self)
        if self.name is not None:
            check_name(self.name)
        if self.group is not None:
            check_name(self.group, "group")
        _check_whole("retries", self.retries, least=0)
        _check_whole("priority", self.priority)
        _check_number("retry_delay_s", self.retry_delay_s)
        _check_number("retry_factor", self.retry_factor, least=1.0)
        _check_number("retry_jitter", self.retry_jitter, most=1.0)
        _check_number("retry_delay_limit_s", self.retry_delay_limit_s)
        _check_number("delay_s", self.delay_s)
        _check_labels(self.labels)
        if self.restart not in RESTARTS:
            raise InvalidTask("restart", f"cannot be {self.restart!r}; there are {', '.join(RESTARTS)}")
        if self.without_checkpoint not in WITHOUT_CHECKPOINT:
            known = ", ".join(WITHOUT_CHECKPOINT)
            raise InvalidTask("without_checkpoint", f"cannot be {self.without_checkpoint!r}; there are {known}")
        _check_checkpointing(self)
        if self.agent is not None:
            check_name(self.agent, "agent")
        _check_readiness(self)
        if not isinstance(self.monitoring, Monitoring):
            raise InvalidTask("monitoring", f"must be Monitoring(…), got {self.monitoring!r}")
        if not isinstance(self.need, Need):
            raise InvalidTask("need", f"must be Need(…), got {self.need!r}")
        if self.kind is not None:
            check_name(self.kind, "kind")
        if self.contain and self.need.memory_bytes is None:
            raise InvalidTask("contain", "has no limit to hold it to", hint="say by `memory` how much it may take")


def task(work: Task | Command | Sequence[Argument], /, **fields: Any) -> Task:
    """Make a task of a command, a list of arguments, or another task; ``fields`` are added or replaced.

    ``after`` may mix names and Dependency values. Raises: InvalidTask, InvalidCommand.
    """
    for field in fields.keys() - set(Task.__struct_fields__):
        raise InvalidTask(field, "is no field of a task")
    if "after" in fields:
        fields["after"] = dependencies(fields["after"])
    if isinstance(work, Task):
        return msgspec.structs.replace(work, **fields)
    return Task(command=work if isinstance(work, Command) else Command(argv=normalise_argv(work)), **fields)


def edited(given: Task, changes: Mapping[str, Any]) -> Task:
    """Give ``given`` with ``changes``; fields of its command are called ``command.cwd``, of its need ``need.cpus``.

    Raises: as `task` does.
    """
    own = {name: value for name, value in changes.items() if "." not in name}
    of_command = _of_part("command", changes)
    of_need = _of_part("need", changes)
    for field in of_command.keys() - set(Command.__struct_fields__):
        raise InvalidCommand(field, "is no field of a command")
    for field in changes.keys() - own.keys() - _named("command", of_command) - _named("need", of_need):
        raise InvalidTask(field, "is no field of a task")
    for field in of_need.keys() - set(Need.__struct_fields__):
        raise InvalidTask(f"need.{field}", "is no field of a need")
    if of_command:
        own["command"] = given.command.replace(**of_command)
    if of_need:
        own["need"] = msgspec.structs.replace(given.need, **of_need)
    return task(given, **own)


def dependencies(given: str | Dependency | Iterable[str | Dependency]) -> tuple[Dependency, ...]:
    """Turn names (meaning: succeeded) and Dependency values into a tuple of the latter. Raises: InvalidTask."""
    several = (given,) if isinstance(given, (str, Dependency)) else given
    return tuple(each if isinstance(each, Dependency) else Dependency(each) for each in several)


def _of_part(part: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name.partition(".")[2]: value for name, value in changes.items() if name.startswith(f"{part}.")}


def _named(part: str, fields: Iterable[str]) -> set[str]:
    return {f"{part}.{field}" for field in fields}


def _check_kinds(given: Task) -> None:
    if not isinstance(given.command, Command):
        raise InvalidTask("command", f"must be a Command, got {type(given.command).__name__}")
    for each in given.after:
        if not isinstance(each, Dependency):
            raise InvalidTask("after", f"must hold Dependency values, got {type(each).__name__}")


def _check_checkpointing(given: Task) -> None:
    if given.checkpoint is not None and not isinstance(given.checkpoint, Checkpointing):
        raise InvalidTask("checkpoint", f"must be Checkpointing(…), got {given.checkpoint!r}")
    if given.checkpoint is not None and given.checkpoint.message and not given.command.channel:
        raise InvalidTask("checkpoint", "is asked for by message, but there is no channel", hint="channel = true")
    if given.resume_command is not None:
        check_resume_command(given.resume_command)


def _check_readiness(given: Task) -> None:
    if given.ready is not None and not isinstance(given.ready, Readiness):
        raise InvalidTask(
            "ready", f"must be ByNotice(), ByLog(…), ByPort(…), ByHttp(…) or ByFile(…), got {given.ready!r}"
        )
    if given.ready_timeout_s is not None:
        _check_number("ready_timeout_s", given.ready_timeout_s)
        if given.ready is None:
            raise InvalidTask("ready_timeout_s", "waits for nothing", hint="say by `ready` how it becomes ready")
    if given.done_when is not None and not isinstance(given.done_when, ByFile):
        raise InvalidTask("done_when", f"must be ByFile(path), got {given.done_when!r}")


def _check_labels(given: object) -> None:
    if not isinstance(given, Mapping):
        raise InvalidTask("labels", f"must be a mapping of names to texts, got {type(given).__name__}")
    for name, value in given.items():
        check_name(name, "labels")
        if not isinstance(value, str):
            raise InvalidTask(f"labels[{name!r}]", f"must be text, got {type(value).__name__}")


def _check_whole(field: str, value: object, least: float = -math.inf) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        expected = "a whole number" if least == -math.inf else f"a whole number from {least}"
        raise InvalidTask(field, f"must be {expected}, got {value!r}")


def _check_number(field: str, value: object, least: float = 0.0, most: float = math.inf) -> None:
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not least <= value <= most
        or value == math.inf
    ):
        upper = "" if most == math.inf else f" to {most:g}"
        raise InvalidTask(field, f"must be a number from {least:g}{upper}, got {value!r}")
