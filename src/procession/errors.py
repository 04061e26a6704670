"""Every way Procession can fail, as one tree of exceptions.

Each class has a stable ``code`` (what scripts compare), fields (what handlers read), a ``hint`` (what to do next) and a
message that is a sentence naming the command or the place. All of them survive pickling with their fields.
This file imports nothing of ours: every other room may raise from it.
"""

from __future__ import annotations

from typing import Any, ClassVar


class ProcessionError(Exception):
    """The root: catch this to catch everything Procession raises on purpose."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "", **fields: Any) -> None:
        """Keep ``fields`` as attributes; ``hint`` says what the reader can do about it."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.__dict__.update(fields)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by fields, so that no constructor needs to be repeatable."""
        return _revive, (type(self), self.args, dict(self.__dict__))


def _revive(kind: type[ProcessionError], args: tuple[Any, ...], fields: dict[str, Any]) -> ProcessionError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(fields)
    return error


# --- the request itself is wrong: nothing was started -----------------------------------------------------------------


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


class InvalidTransition(ProcessionError):
    """A state was asked to become one that the state table does not allow: a bug, not a user's mistake."""

    code = "invalid_transition"
    before: str
    after: str

    def __init__(self, before: str, after: str) -> None:
        super().__init__(f"a task cannot go from {before} to {after}", before=before, after=after)


# --- the command could not be started ---------------------------------------------------------------------------------


class StartError(ProcessionError):
    """The command could not be started; nothing of it is left. ``command`` is its quoted text."""

    code = "failed_to_start"
    command: str
    errno: int | None = None


class ProgramNotFound(StartError):
    """The program does not exist on the job's own PATH. ``program``; ``suggestion`` is a close match or None."""

    code = "program_not_found"
    program: str
    suggestion: str | None


class NotExecutable(StartError):
    """The program exists but may not be executed (a directory, or no x permission). ``program``."""

    code = "not_executable"
    program: str


class InterpreterMissing(StartError):
    """The script exists, the interpreter its first line names does not. ``program``, ``interpreter``."""

    code = "interpreter_missing"
    program: str
    interpreter: str


class BadWorkingDirectory(StartError):
    """The working directory is missing or is no directory. ``cwd``."""

    code = "bad_working_directory"
    cwd: str


class TooLong(StartError):
    """Arguments or environment exceed a kernel limit. ``element`` names the offender, beside size and limit."""

    code = "too_long"
    element: str
    size_bytes: int
    limit_bytes: int


class BadFormat(StartError):
    """The kernel cannot execute this file format (ENOEXEC): no ``#!`` line, empty, of another machine."""

    code = "bad_format"
    program: str


class TextFileBusy(StartError):
    """Somebody holds the program open for writing (ETXTBSY). ``program``."""

    code = "text_file_busy"
    program: str


class NoProcessesLeft(StartError):
    """The system or the user may have no more processes now (EAGAIN); worth another try later."""

    code = "no_processes_left"


class NoDescriptorsLeft(StartError):
    """No file descriptors are left to this process or the system (EMFILE, ENFILE); worth another try later."""

    code = "no_descriptors_left"


class StdioUnavailable(StartError):
    """A file or descriptor named for a stream cannot be opened. ``stream`` names which, ``path`` what."""

    code = "stdio_unavailable"
    stream: str
    path: str


class KeeperLost(StartError):
    """The keeper ended while it was to start the program. Nobody knows whether it did; what it started is ended."""

    code = "keeper_lost"


class StartTimedOut(StartError):
    """The keeper did not answer in time (it is stopped, or an exec hangs). What it starts later is ended at once."""

    code = "start_timed_out"


class StartFailed(StartError):
    """Any other refusal of the kernel; ``errno`` keeps its number."""

    code = "start_failed"


# --- the command ran, and did not end well ----------------------------------------------------------------------------


class EndError(ProcessionError):
    """The command ended otherwise than asked. It has the shape of a success: everything ``result`` has is here too."""

    code = "ended_badly"
    result: Any

    def __init__(self, message: str, *, result: Any, hint: str = "") -> None:
        """Keep the whole ``result``, partial output included."""
        super().__init__(message, hint=hint, result=result)

    def __getattr__(self, name: str) -> Any:
        """Give what the result has: ``stdout``, ``signal``, ``outcome`` …; its exit code is ``result.code``."""
        if name.startswith("_") or name == "result":
            raise AttributeError(name)
        return getattr(self.result, name)


class ExitedWithCode(EndError):
    """It ended by itself with a code other than 0."""

    code = "exited_with_code"


class KilledBySignal(EndError):
    """A signal ended it."""

    code = "killed_by_signal"


class CoreDumped(KilledBySignal):
    """A signal ended it, and a core was written."""

    code = "core_dumped"


class TimedOut(EndError):
    """Its time was up, and it was ended for that."""

    code = "timed_out"


class Stopped(EndError):
    """It was asked to end before it was done."""

    code = "stopped"


class CancelledRun(EndError):
    """Its caller was cancelled, and it was ended for that."""

    code = "cancelled"


class OutputLimitReached(EndError):
    """It printed more than was kept, and the caller asked that this be an error."""

    code = "output_limit_reached"


class OutcomeUnknown(EndError):
    """It is gone and nobody can say how it ended (another part of the host reaped it). Never taken for success."""

    code = "outcome_unknown"


# --- a running process cannot do what was asked -----------------------------------------------------------------------


class AlreadyEnded(ProcessionError):
    """The process has ended; nothing was signalled. ``pid``."""

    code = "already_ended"
    pid: int


class CannotSignal(ProcessionError):
    """The kernel does not let us signal a process of this tree (it changed its user). ``pid``."""

    code = "cannot_signal"
    pid: int


class KeeperUnavailable(ProcessionError):
    """There is no keeper to work with: it cannot be started, serves another supervisor, or is of another version."""

    code = "keeper_unavailable"


class StreamUnavailable(ProcessionError):
    """The stream was not set up for this: not a pipe, or read by somebody else already. ``stream``."""

    code = "stream_unavailable"
    stream: str


class InputClosed(ProcessionError):
    """The process no longer reads its standard input."""

    code = "input_closed"


# --- the daemon and what it keeps ------------------------------------------------------------------------------------


class _AboutPath:
    """Says what is wrong with one path: ``sentence`` with ``path`` and ``reason``, which are fields too."""

    sentence: ClassVar[str]
    path: str
    reason: str

    def __init__(self, path: str, reason: str, *, hint: str = "") -> None:
        super().__init__(self.sentence.format(path=path, reason=reason), hint=hint, path=path, reason=reason)  # type: ignore[call-arg]


class DaemonUnavailable(_AboutPath, ProcessionError):
    """No daemon answers, or it ends just now. ``path`` is the socket; ``reason`` says what was seen."""

    code = "daemon_unavailable"
    sentence = "the daemon at {path} cannot be reached: {reason}"


class DaemonRunning(ProcessionError):
    """Another daemon serves this home already. ``home``; ``pid`` is its process, None where it did not say."""

    code = "daemon_running"
    home: str
    pid: int | None

    def __init__(self, home: str, pid: int | None) -> None:
        who = f"process {pid}" if pid else "another process"
        hint = "use that one, or end it with `procession daemon stop`"
        super().__init__(f"a daemon serves {home} already: {who}", hint=hint, home=home, pid=pid)


class UnsafePath(_AboutPath, ProcessionError):
    """A directory or socket of ours is not ours alone, so nothing was put there. ``path``; ``reason`` says why."""

    code = "unsafe_path"
    sentence = "{path} is not safe to use: {reason}"


class ForeignPeer(ProcessionError):
    """The other end of a socket is not ours to talk to. ``uid`` is the user it belongs to."""

    code = "foreign_peer"
    uid: int

    def __init__(self, uid: int) -> None:
        super().__init__(f"the other end of the socket belongs to user {uid}, not to us", uid=uid)


class Conflict(ProcessionError):
    """The request contradicts one that was carried out already. ``reason`` says how."""

    code = "conflict"
    reason: str

    def __init__(self, reason: str, *, hint: str = "") -> None:
        super().__init__(f"conflict: {reason}", hint=hint, reason=reason)


class StoreUnavailable(_AboutPath, ProcessionError):
    """What happens cannot be recorded (disk full, read-only), so nothing new is taken on. ``path``; ``reason``."""

    code = "store_unavailable"
    sentence = "the store {path} cannot be written: {reason}"


class ConnectionLost(DaemonUnavailable):
    """The daemon went away in the middle of a conversation, and did not come back. ``path``, ``reason``."""

    code = "connection_lost"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason, hint="see `procession daemon status`; what was asked for may have been done")
