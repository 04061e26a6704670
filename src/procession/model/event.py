"""Events: facts, in the past tense, each with its time (seconds since the epoch) and, under care, its task.

`Event.name` is the word used in JSON lines, logs and subscriptions alike.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from procession.model.agent import AgentView
from procession.model.outcome import Outcome
from procession.model.text import encodable
from procession.model.view import TaskView


def _snake(name: str) -> str:
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name).lstrip("_")


class Event(Struct, frozen=True, kw_only=True, tag_field="event", tag=_snake):
    """A fact about one process or task. ``task`` and ``attempt`` are set once it is under a supervisor's care."""

    at: float
    task: str | None = None
    attempt: int | None = None

    @property
    def name(self) -> str:
        """The event's word, like ``started`` or ``tree_empty``."""
        return str(self.__struct_config__.tag)

    def of(self, task: str, attempt: int) -> Event:
        """Give the same fact as one about ``task``."""
        return msgspec.structs.replace(self, task=task, attempt=attempt)

    def as_dict(self) -> dict[str, Any]:
        """Give plain JSON types, what all events have first; every key is always there."""
        first = {"event": self.name, "at": self.at, "task": self.task, "attempt": self.attempt}
        return first | dict(encodable(msgspec.to_builtins(self)))


class Starting(Event, frozen=True, kw_only=True):
    """About to be started; everything was validated. ``reason``: why it was let in, where somebody decides that."""

    command: str
    reason: str | None = None


class Started(Event, frozen=True, kw_only=True):
    """It runs."""

    pid: int


class StartFailed(Event, frozen=True, kw_only=True):
    """It never ran. ``error`` is the stable code of the exception, ``message`` its sentence."""

    error: str
    message: str


class OutputEnded(Event, frozen=True, kw_only=True):
    """Nobody can write to this stream any more."""

    stream: str


class OutputLeaked(Event, frozen=True, kw_only=True):
    """The leader has ended, but a descendant still holds this stream open after the leak grace."""

    stream: str


class Exited(Event, frozen=True, kw_only=True):
    """The leader has ended. Its descendants and its output may not have."""

    code: int | None = None
    signal: int | None = None
    core_dumped: bool = False
    known: bool = True


class TreeEmpty(Event, frozen=True, kw_only=True):
    """No process of the tree is left."""


class Closed(Event, frozen=True, kw_only=True):
    """All is over: exit known, outputs ended or given up. The last event of a process but ``tree_empty``."""

    outcome: Outcome


class Signalled(Event, frozen=True, kw_only=True):
    """A signal was sent, by us. ``scope`` is leader or tree."""

    signal: int
    signal_name: str
    scope: str


class Stopping(Event, frozen=True, kw_only=True):
    """It was asked to end; ``by`` says whose wish it was."""

    by: str


class Suspended(Event, frozen=True, kw_only=True):
    """Nothing of the tree runs. ``by`` is us, or outside (somebody sent a stop signal)."""

    by: str = "us"


class Resumed(Event, frozen=True, kw_only=True):
    """It runs on."""

    by: str = "us"


class MessageReceived(Event, frozen=True, kw_only=True):
    """A program under a supervisor's care sent this message through its channel.

    One of more than 64 KiB that is kept in a file is None here, with its ``size_bytes``.
    """

    message: Any
    size_bytes: int | None = None


class ChannelMisused(Event, frozen=True, kw_only=True):
    """A program wrote to its channel what is no message. ``excerpt`` is how it began; it is dropped, no more."""

    reason: str
    excerpt: str
    size_bytes: int


class ChannelClosed(Event, frozen=True, kw_only=True):
    """Nothing more comes through the channel, nor can anything be sent. ``incomplete_bytes`` were no whole message."""

    incomplete_bytes: int = 0


class Notified(Event, frozen=True, kw_only=True):
    """A program said something about itself (sd_notify): ``fields`` are its assignments, known or not, as they came."""

    fields: dict[str, str]


class NoticeRejected(Event, frozen=True, kw_only=True):
    """Somebody said something about this program that has no right to: nothing of it was believed."""

    reason: str
    pid: int


class Ready(Event, frozen=True, kw_only=True):
    """It can be used by whoever waits for it. ``by``: how we know (notify, log, port, http, file)."""

    by: str


class Done(Event, frozen=True, kw_only=True):
    """Its completion file is there, at ``path``: it has its grace to end by itself, and is ended then."""

    path: str


class Stalled(Event, frozen=True, kw_only=True):
    """No sign of life for ``silent_s`` seconds: no word, no CPU time, no I/O. Nothing follows by itself."""

    silent_s: float
    evidence: str


class WaitingForInput(Event, frozen=True, kw_only=True):
    """It reads a terminal or a pipe on which nothing comes, and does nothing else."""

    evidence: str


class ActiveAgain(Event, frozen=True, kw_only=True):
    """It lives again after it was ``was`` (stalled, waiting_for_input, no_progress) for ``lasted_s`` seconds."""

    was: str
    lasted_s: float


class Looping(Event, frozen=True, kw_only=True):
    """A hint: for some minutes it has printed the same again and again. ``line`` is an example."""

    line: str
    evidence: str


class NoProgress(Event, frozen=True, kw_only=True):
    """What it says of its progress has not moved for ``unmoved_s`` seconds, though it claims to work."""

    unmoved_s: float
    evidence: str


class WatchdogMissed(Event, frozen=True, kw_only=True):
    """It promised a sign of life every ``interval_s`` seconds, and none came: it is ended."""

    interval_s: float


class OutputSampled(Event, frozen=True, kw_only=True):
    """It prints more than can be read for its progress: ``skipped_bytes`` so far were passed over. Nothing is lost."""

    skipped_bytes: int


class MemoryHigh(Event, frozen=True, kw_only=True):
    """Its tree has more than ``limit_bytes``. ``critical_in_s``: when it will be critical, if it grows on like this."""

    memory_bytes: int
    limit_bytes: int
    slope_bytes_per_s: float | None = None
    critical_in_s: float | None = None


class MemoryCritical(Event, frozen=True, kw_only=True):
    """Its tree has more than the higher limit, ``limit_bytes``."""

    memory_bytes: int
    limit_bytes: int
    slope_bytes_per_s: float | None = None


class MemoryRecovered(Event, frozen=True, kw_only=True):
    """Its tree is below its limits again, after ``lasted_s`` seconds."""

    memory_bytes: int
    lasted_s: float


class Reacted(Event, frozen=True, kw_only=True):
    """What its settings say about the event ``to`` was done: ``do``. ``problem`` says why it could not be."""

    to: str
    do: str
    problem: str | None = None


class LogDiskFull(Event, frozen=True, kw_only=True):
    """The file system of a log is full: what the task prints now is lost, or its own writes fail."""

    path: str
    free_bytes: int


class LogDiskRecovered(Event, frozen=True, kw_only=True):
    """There is room for the log again."""

    path: str


class LogNotBounded(Event, frozen=True, kw_only=True):
    """The file system of a log cannot punch holes: the log is whole, and grows beyond its limit."""

    path: str


class LogUnwritable(Event, frozen=True, kw_only=True):
    """What belongs to a log cannot be written, for another reason than room; it is tried again."""

    path: str
    error: str


class Submitted(Event, frozen=True, kw_only=True):
    """A task was accepted."""

    command: str


class Waiting(Event, frozen=True, kw_only=True):
    """A task cannot start yet; ``reason`` can be read by a person."""

    reason: str


class Retrying(Event, frozen=True, kw_only=True):
    """An attempt ended badly and another will follow in ``delay_s`` seconds.

    ``resumes``: it goes on from checkpoint ``resumes``; else ``anew`` says why it begins anew, where it should not.
    """

    delay_s: float
    outcome: Outcome
    resumes: int | None = None
    anew: str | None = None


class Ended(Event, frozen=True, kw_only=True):
    """A task is over: no further attempt follows by itself."""

    outcome: Outcome


class Requeued(Event, frozen=True, kw_only=True):
    """The supervisor was gone before it was started; the same attempt is queued again."""


class Adopted(Event, frozen=True, kw_only=True):
    """An attempt that an earlier supervisor started is looked after again. ``orphaned``: its keeper is gone."""

    pid: int
    orphaned: bool = False


class Orphaned(Event, frozen=True, kw_only=True):
    """Its keeper is gone: it runs on and can be ended, but how it will end only the kernel may tell."""


class Edited(Event, frozen=True, kw_only=True):
    """``fields`` of a queued task were changed."""

    fields: tuple[str, ...]


class Removed(Event, frozen=True, kw_only=True):
    """A task that was over is forgotten."""


class SoftLimitPassed(Event, frozen=True, kw_only=True):
    """More tasks run than ``limit``; nothing is refused."""

    running: int
    limit: int


class MemoryTight(Event, frozen=True, kw_only=True):
    """Memory gets short on the machine; ``reason`` says how short. What is done about it is told of each task."""

    reason: str


class AskedToSave(Event, frozen=True, kw_only=True):
    """It was asked to save itself; ``reason`` says why."""

    reason: str


class Checkpointed(Event, frozen=True, kw_only=True):
    """It has saved its work: checkpoint ``number``, wanted ``by`` somebody, at ``saved`` as it says.

    ``can_resume``: a further attempt could go on from there; ``reason`` says why, or why not.
    """

    number: int
    by: str
    saved: str | None
    can_resume: bool
    reason: str


class AgentSaid(Event, frozen=True, kw_only=True):
    """The client of a coding agent has ended: this is what it had said, and used in all attempts of its session."""

    agent: AgentView


class CheckpointMissed(Event, frozen=True, kw_only=True):
    """It was to save its work, ``by`` whose wish, and did not: ``answer`` is ``refused`` or ``no_answer``."""

    by: str
    answer: str
    reason: str


class Snapshot(Event, frozen=True, kw_only=True):
    """All tasks as they stood when somebody began to listen; every later event is newer than this."""

    tasks: tuple[TaskView, ...]
