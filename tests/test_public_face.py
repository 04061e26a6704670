"""The public face: every name is there, nothing is loaded before it is asked for, and errors travel."""

import ast
import inspect
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import procession
from procession import errors
from procession.model.command import command
from procession.model.outcome import Outcome, OutcomeKind
from procession.process.result import Result

HEAVY = ("asyncio", "click", "msgspec", "rich", "pyte", "subprocess", "ctypes")


def all_errors() -> list[type[errors.ProcessionError]]:
    """Give the whole tree of errors."""
    return [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, errors.ProcessionError)]


def test_every_public_name_can_be_had():
    """Each name of `__all__` resolves, is found by `dir`, and is the same thing each time."""
    for name in procession.__all__:
        assert getattr(procession, name) is getattr(procession, name)
    assert set(procession.__all__) <= set(dir(procession))
    assert procession.__version__ == procession.VERSION


def test_a_name_that_is_none():
    """Another name is an AttributeError that says so."""
    with pytest.raises(AttributeError, match="no attribute 'Popen'"):
        procession.Popen  # noqa: B018


def test_type_checkers_see_the_same_names():
    """What the table loads and what type checkers are shown agree, room for room."""
    tree = ast.parse(Path(procession.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    shown = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        shown[node.module] = {each.name for each in node.names}

    assert shown.keys() == procession._ROOMS.keys()
    for room, names in procession._ROOMS.items():
        assert shown[room] in ({"*"}, set(names.split()))


def test_importing_loads_next_to_nothing():
    """`import procession` alone loads no event loop, no command line, no codec."""
    script = f"import sys, procession; print([name for name in {HEAVY!r} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True, text=True).stdout

    assert printed == "[]\n"


def test_every_error_has_its_own_code_and_a_docstring():
    """Each error has a stable code that no other has, and says what it is."""
    codes = [each.code for each in all_errors()]

    assert len(set(codes)) == len(codes)
    assert all(code.isidentifier() and code == code.lower() for code in codes)
    assert all(each.__doc__ for each in all_errors())
    assert {each.__name__ for each in all_errors()} <= set(procession.__all__)


def test_every_error_survives_pickling():
    """Message, hint and every field of each error arrive on the other side of a pickle, and so does what it wraps."""
    result = Result(
        command=command(["false"]),
        outcome=Outcome(kind=OutcomeKind.FAILED, code=1, message="exited with code 1"),
        pid=7,
        started_at=1.0,
        duration_s=2.0,
        stdout="out",
    )
    made = [
        errors.InvalidCommand("argv[0]", "is empty", hint="h"),
        errors.InvalidTask("name", "is bad"),
        errors.InvalidTaskFile("f.toml", 3, "task.a", "must be a table"),
        errors.InvalidProfile("f.toml", 3, "codex", "programs[0]", "expected text"),
        errors.InvalidSignal("NOPE"),
        errors.UnknownTask("a"),
        errors.NoRoom("1 running, limit 1"),
        errors.InvalidTransition("ended", "running"),
        errors.DaemonUnavailable("/s", "nobody answers", hint="h"),
        errors.ConnectionLost("/s", "it hung up"),
        errors.DaemonRunning("/h", 7),
        errors.UnsafePath("/h", "it is a link"),
        errors.ForeignPeer(7),
        errors.Conflict("used before"),
        errors.StoreUnavailable("/h/store.db", "disk full", hint="h"),
        errors.InvalidCheckpoint("/h/checkpoints/t1.json", "torn", hint="h"),
        errors.ProgramNotFound("no x", hint="h", command="x", program="x", suggestion=None, errno=2),
        errors.TooLong("too long", command="x", element="argv[1]", size_bytes=5, limit_bytes=4),
        *(kind("sentence", result=result) for kind in all_errors() if issubclass(kind, errors.EndError)),
        *(
            kind("sentence", hint="h", command="x", pid=7)
            for kind in all_errors()
            if kind.__init__ is errors.ProcessionError.__init__
        ),
    ]

    assert {type(each) for each in made} | {errors.UsageError, errors.ProcessionError} == set(all_errors())
    for error in made:
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            copy = pickle.loads(pickle.dumps(error, protocol))
            assert type(copy) is type(error)
            assert (str(copy), copy.__dict__, copy.code) == (str(error), error.__dict__, error.code)
    ended = next(each for each in made if isinstance(each, errors.EndError))
    assert pickle.loads(pickle.dumps(ended)).stdout == "out"


def test_wrong_usage_is_a_value_error():
    """A wrong request is a ValueError too, and an unknown task a LookupError, for those who catch only these."""
    assert issubclass(errors.InvalidCommand, ValueError)
    assert issubclass(errors.InvalidSignal, ValueError)
    assert issubclass(errors.UnknownTask, LookupError)


def test_an_end_error_says_nothing_it_has_not():
    """An EndError has what its result has; another attribute is an AttributeError, copying included."""
    error = errors.TimedOut("sentence", result=Outcome(kind=OutcomeKind.TIMED_OUT))

    assert error.kind is OutcomeKind.TIMED_OUT
    with pytest.raises(AttributeError):
        error.nothing  # noqa: B018
    with pytest.raises(AttributeError):
        errors.TimedOut.__new__(errors.TimedOut).stdout  # noqa: B018
