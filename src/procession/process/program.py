"""Finding the program before anything is created, and saying exactly what is wrong when it cannot run.

One policy at every entry point: no `/bin/sh` fallback. A file that the kernel cannot execute is an error that says so.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import os
import stat
from collections.abc import Iterator
from typing import Never

from procession.errors import BadFormat, InterpreterMissing, NotExecutable, ProgramNotFound
from procession.kernel.executable import program_loader, read_beginning, script_interpreter

_SCRIPT_CHAIN_LIMIT = 5
"""An interpreter may be a script itself, but the kernel follows no more of them."""

_MEANS_NOT_FOUND = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})


def find_program(name: str, search_path: str | None, cwd: str | None, shown: object) -> str:
    """Give the absolute path of what ``name`` means: by the job's PATH, or from *our* directory if it has a ``/``.

    ``shown`` is the command, whose text the errors quote.
    Raises: ProgramNotFound, NotExecutable, InterpreterMissing, BadFormat.
    """
    if "/" in name:
        try:
            path = _absolute(name)
            _check_runnable(path, shown)
        except OSError as error:
            if error.errno not in _MEANS_NOT_FOUND:
                _refuse(name, shown, f"cannot be seen: {error.strerror}", "check the permissions of its directories")
            raise _not_found(name, search_path, shown) from None
        return path
    unusable = None
    for path in _candidates(name, search_path, cwd):
        try:
            mode = os.stat(path).st_mode
        except OSError:
            continue
        if stat.S_ISREG(mode) and os.access(path, os.X_OK):
            _check_runnable(path, shown)
            return path
        unusable = unusable or path
    if unusable:
        _check_runnable(unusable, shown)
    raise _not_found(name, search_path, shown)


def explain_exec_failure(path: str, shown: object) -> None:
    """Look again, closely, at a program that exec refused. Raises the error that says why, if one does."""
    if not os.path.exists(path):
        raise _not_found(path, None, shown)
    _check_file(path, os.stat(path).st_mode, shown, refused=True)


def _candidates(name: str, search_path: str | None, cwd: str | None) -> Iterator[str]:
    for directory in (os.defpath if search_path is None else search_path).split(":"):
        if directory.startswith("/"):
            yield f"{directory}/{name}"
        else:  # relative (or empty) entries mean the directory the job starts in
            with contextlib.suppress(FileNotFoundError):  # our own directory was removed
                yield os.path.join(_absolute(cwd or "."), directory, name)


def _absolute(path: str) -> str:
    # not abspath, which takes ".." for a matter of text: behind a symbolic link it is not
    while path.startswith("./"):
        path = path[2:].lstrip("/")
    return path if path.startswith("/") else os.path.join(os.getcwd(), path)


def _check_runnable(path: str, shown: object) -> None:
    facts = os.stat(path)
    identity = (facts.st_dev, facts.st_ino, facts.st_ctime_ns)
    if _found_runnable.get(path) == identity:
        return
    _check_file(path, facts.st_mode, shown)
    if len(_found_runnable) >= _FOUND_LIMIT:
        _found_runnable.clear()
    _found_runnable[path] = identity


_found_runnable: dict[str, tuple[int, int, int]] = {}
"""What was looked at before, and has not changed since: contents and permissions both move the change time."""

_FOUND_LIMIT = 256


def _check_file(path: str, mode: int, shown: object, *, refused: bool = False, depth: int = 0) -> None:
    if stat.S_ISDIR(mode):
        _refuse(path, shown, "is a directory", "name a file inside it")
    if not stat.S_ISREG(mode):
        _refuse(path, shown, "is no regular file", "name a program")
    if not os.access(path, os.X_OK):
        _refuse(path, shown, "is not executable", f"chmod +x {path}, or run it through its interpreter")
    _check_interpreter(path, shown, refused=refused, depth=depth)


def _refuse(path: str, shown: object, why: str, hint: str) -> Never:
    raise NotExecutable(f"cannot start {shown}: {path} {why}", hint=hint, command=str(shown), program=path)


def _check_interpreter(path: str, shown: object, *, refused: bool, depth: int) -> None:
    start = read_beginning(path)
    if start is None:
        return
    if start.startswith(b"\x7fELF"):
        interpreter = program_loader(path) if refused else ""
    elif start.startswith(b"#!"):
        interpreter = script_interpreter(start)
        if not interpreter:
            raise _bad_format(path, shown, "has a #! line without a whole name of an interpreter")
    elif not start or start.startswith(b"\xef\xbb\xbf#!"):
        why = "begins with a byte order mark, which hides its #! line" if start else "is empty"
        raise _bad_format(path, shown, why)
    else:
        return  # perhaps a format of binfmt_misc; the kernel decides
    if interpreter.startswith("/") or (interpreter and refused):  # a relative one means the job's directory
        _follow_interpreter(path, interpreter, shown, refused=refused, depth=depth + 1)


def _follow_interpreter(path: str, interpreter: str, shown: object, *, refused: bool, depth: int) -> None:
    if depth > _SCRIPT_CHAIN_LIMIT:
        raise _bad_format(path, shown, "is a script run by a script, and so on without end")
    try:
        mode = os.stat(interpreter).st_mode
    except OSError:
        raise _interpreter_missing(path, interpreter, shown) from None
    _check_file(interpreter, mode, shown, refused=refused, depth=depth)


def _interpreter_missing(path: str, interpreter: str, shown: object) -> InterpreterMissing:
    hint = "the script has Windows line ends; convert it" if interpreter.endswith("\r") else f"install {interpreter}"
    return InterpreterMissing(
        f"cannot start {shown}: the interpreter {interpreter!r} of {path} does not exist",
        hint=hint,
        command=str(shown),
        program=path,
        interpreter=interpreter,
    )


def _bad_format(path: str, shown: object, why: str) -> BadFormat:
    return BadFormat(
        f"cannot start {shown}: {path} {why}",
        hint="begin the script with a line like #!/bin/sh, or run it through its interpreter",
        command=str(shown),
        program=path,
    )


def _not_found(name: str, search_path: str | None, shown: object) -> ProgramNotFound:
    suggestion = _close_match(name, search_path)
    hint = f"did you mean {suggestion}?" if suggestion else "check the spelling and the PATH of the job"
    return ProgramNotFound(
        f"cannot start {shown}: there is no program {name!r}",
        hint=hint,
        command=str(shown),
        program=name,
        suggestion=suggestion,
    )


def _close_match(name: str, search_path: str | None) -> str | None:
    directory, _, base = name.rpartition("/")
    places = [directory or "/"] if "/" in name else (os.defpath if search_path is None else search_path).split(":")
    known: set[str] = set()
    for place in places:
        with contextlib.suppress(OSError):
            known.update(os.listdir(place))
    known.discard(base)  # there, but leading nowhere
    matches = difflib.get_close_matches(base, known, n=1, cutoff=0.75)
    return (f"{directory}/{matches[0]}" if "/" in name else matches[0]) if matches else None
