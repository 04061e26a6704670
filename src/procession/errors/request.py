"""The request itself is wrong: nothing was started."""

from __future__ import annotations

from typing import ClassVar

from procession.errors.root import ProcessionError


class UsageError(ProcessionError, ValueError):
    """The request is wrong in itself; nothing was created."""

    code = "usage"


class _AboutField:
    """Says what is wrong with one ``field``, which is kept; ``subject`` is whose field it is."""

    subject: ClassVar[str]
    field: str

    def __init__(self, field: str, problem: str, *, hint: str = "") -> None:
        super().__init__(f"invalid {self.subject}: {field} {problem}", hint=hint, field=field)  # type: ignore[call-arg]


class InvalidCommand(_AboutField, UsageError):
    """A field of a command cannot be right. ``field`` names it, like ``argv[2]`` or ``env['PATH']``."""

    code = "invalid_command"
    subject = "command"


class InvalidTask(_AboutField, UsageError):
    """A field of a task cannot be right: its id, a dependency, a policy. ``field`` names it."""

    code = "invalid_task"
    subject = "task"


class InvalidTaskFile(UsageError):
    """A task file is refused whole. ``line`` (from 1), ``key`` and ``expected`` name the place and the mend."""

    code = "invalid_task_file"
    path: str
    line: int | None
    key: str
    expected: str

    def __init__(self, path: str, line: int | None, key: str, expected: str, *, hint: str = "") -> None:
        where = f"{path}:{line}" if line else path
        subject = f"{key}: " if key else ""
        super().__init__(f"{where}: {subject}{expected}", hint=hint, path=path, line=line, key=key, expected=expected)


class InvalidProfile(UsageError):
    """A profile of an agent's client is refused. ``path``, ``line``, ``entry`` and ``key`` name the place."""

    code = "invalid_profile"
    path: str
    line: int | None
    entry: str
    key: str
    expected: str

    def __init__(self, path: str, line: int | None, entry: str, key: str, expected: str, *, hint: str = "") -> None:
        where = f"{path}:{line}" if line else path
        place = " ".join(each for each in (f"[{entry}]" if entry else "", key) if each)
        fields = {"path": path, "line": line, "entry": entry, "key": key, "expected": expected}
        super().__init__(f"{where}: {place}{': ' if place else ''}{expected}", hint=hint, **fields)


class InvalidSignal(UsageError):
    """Not a signal of this machine. ``signal`` is what was given."""

    code = "invalid_signal"
    signal: object

    def __init__(self, signal: object, problem: str = "is no signal of this machine") -> None:
        super().__init__(
            f"invalid signal: {signal!r} {problem}",
            hint="use a name like TERM or SIGTERM, or a number from 1 to 64",
            signal=signal,
        )


class UnknownTask(ProcessionError, LookupError):
    """No task has this id. ``task`` is what was asked for."""

    code = "unknown_task"
    task: str

    def __init__(self, task: str, *, hint: str = "") -> None:
        super().__init__(f"no task is called {task!r}", hint=hint, task=task)


class NoRoom(ProcessionError):
    """A task that was to start now or not at all cannot start now; nothing was taken. ``reason`` says why."""

    code = "no_room"
    reason: str

    def __init__(self, reason: str, *, hint: str = "try again later, or let it wait for its turn") -> None:
        super().__init__(f"there is no room now: {reason}", hint=hint, reason=reason)


class InvalidTransition(ProcessionError):
    """A state was asked to become one that the state table does not allow: a bug, not a user's mistake."""

    code = "invalid_transition"
    before: str
    after: str

    def __init__(self, before: str, after: str) -> None:
        super().__init__(f"a task cannot go from {before} to {after}", before=before, after=after)
