"""The command could not be started."""

from __future__ import annotations

from procession.errors.root import ProcessionError


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
