"""The door of the command line: from arguments to an exit status.

`--version` is answered before anything is imported, a plain `ls` by ``quick_ls``; everything else goes through click.
Here errors become sentences: a user's mistake never shows a traceback, unless `--debug` or PROCESSION_DEBUG=1
asks for it.
Not here: what any verb does.
"""

from __future__ import annotations

import os
import sys

INTERRUPTED = 130
VERSION_FLAGS = (["--version"], ["-V"])


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    is_program = arguments is None
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        status = _answer_quickly(arguments)
        is_quick = status is not None
        status = _run_verb(arguments) if status is None else status
        _flush()
        if is_program and is_quick:
            os._exit(status)  # nothing is open, and to take an interpreter apart costs a fifth of its start
    except KeyboardInterrupt:  # before or after a verb was there to handle it
        status = INTERRUPTED
    except BrokenPipeError:
        status = _end_quietly()
    except OSError as error:
        status = _say_os_error(error)
    return status


def _answer_quickly(arguments: list[str]) -> int | None:
    """Answer what needs no parser of options; None for everything else."""
    if arguments in VERSION_FLAGS:
        return _show_version()
    if arguments[:1] == ["ls"] and "_PROCESSION_COMPLETE" not in os.environ:
        from procession.cli.quick_ls import list_quickly

        return list_quickly(arguments[1:])
    return None


def _show_version() -> int:
    from procession.version import VERSION

    print("procession", VERSION)
    return 0


def _run_verb(arguments: list[str]) -> int:
    from procession.cli.group import run_group
    from procession.cli.standard_streams import open_missing_streams

    open_missing_streams()
    return run_group(arguments)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _end_quietly() -> int:
    """Nobody reads us: say nothing more, not even while the interpreter ends."""
    _mute()
    from procession.cli.exit_codes import CLOSED_PIPE

    return CLOSED_PIPE


def _say_os_error(error: OSError) -> int:
    """A full disk behind our own output, for instance."""
    from procession.cli.complaints import complain, is_debugging
    from procession.cli.exit_codes import TROUBLE

    if is_debugging():
        raise error
    complain(f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error))
    _mute()
    return TROUBLE


def _mute() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
