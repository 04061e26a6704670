"""Requests that cannot be are refused at once, by the name of the field, before anything is created."""

import asyncio
import os
from pathlib import Path

import pytest

from procession import (
    INHERIT,
    MERGED,
    Command,
    Descriptor,
    File,
    InvalidCommand,
    InvalidSignal,
    Limits,
    Log,
    Pipe,
    Pty,
    StopStep,
    UsageError,
    command,
    run,
    run_blocking,
    shell,
    spawn,
)

NO_CHARACTER = "\ud800"


WITH_NUL = [
    (["tr\0ue"], {}, "argv[0]"),
    (["echo", "a", "b\0"], {}, "argv[2]"),
    ([b"echo", b"\0"], {}, "argv[1]"),
    (["true"], {"env": {"A\0B": "x"}}, "env"),
    (["true"], {"env": {"A": "x\0"}}, "env['A']"),
    (["true"], {"env": {b"A": b"x\0"}}, "env['A']"),
    (["true"], {"cwd": "/tmp\0/x"}, "cwd"),
    (["true"], {"cwd": b"\0"}, "cwd"),
]


def test_a_nul_is_refused_by_the_name_of_its_field():
    """C001: a NUL in program, argument, variable or directory is an InvalidCommand that names it, raised at once."""
    for argv, options, field in WITH_NUL:
        with pytest.raises(InvalidCommand, match=r"NUL|cannot be") as raised:
            spawn(argv, **options)
        assert raised.value.field == field


def test_a_nul_in_the_path_of_a_stream_is_refused():
    """C001: so is one in the path of a file or a log."""
    for make in (File, Log):
        with pytest.raises(InvalidCommand, match="path contains a NUL"):
            make("a\0b")


WITHOUT_BYTES = [
    (["echo", NO_CHARACTER], {}, "argv[1]"),
    (["true"], {"env": {"A": NO_CHARACTER}}, "env['A']"),
    (["true"], {"env": {NO_CHARACTER: "x"}}, "env['\\ud800']"),
    (["true"], {"cwd": NO_CHARACTER}, "cwd"),
]


def test_what_has_no_bytes_is_refused():
    """C001: text that no encoding can turn into bytes is refused like a NUL, not as a UnicodeEncodeError."""
    for argv, options, field in WITHOUT_BYTES:
        with pytest.raises(InvalidCommand, match="no bytes") as raised:
            spawn(argv, **options)
        assert raised.value.field == field


NO_ARGUMENTS = [
    ([], "argv"),
    ((), "argv"),
    ([""], "argv[0]"),
    (["", "x"], "argv[0]"),
    ("ls -l", "argv"),
    (b"ls", "argv"),
    (None, "argv"),
    (5, "argv"),
    ({"ls"}, "argv"),
    (["ls", 5], "argv[1]"),
    (["ls", None], "argv[1]"),
    ([["ls"]], "argv[0]"),
]


def test_what_is_no_list_of_arguments_is_refused():
    """C002: no argv, no program, one string, a number among the arguments: one error family, at every entry."""
    entries = (spawn, run_blocking, lambda given: asyncio.run(run(given)), lambda given: Command(argv=given))
    for argv, field in NO_ARGUMENTS:
        messages = set()
        for enter in entries:
            with pytest.raises(UsageError) as raised:
                enter(argv)
            assert isinstance(raised.value, InvalidCommand)
            assert raised.value.field == field
            messages.add(str(raised.value))
        assert len(messages) == 1, messages


IMPOSSIBLE_OPTIONS = [
    ("env", {"": "x"}),
    ("env", {"A=B": "x"}),
    ("env", {5: "x"}),
    ("env", {"A": 5}),
    ("env", ["A=x"]),
    ("env", None),
    ("cwd", 5),
    ("clean_env", "no"),
    ("secrets", "TOKEN"),
    ("secrets", [5]),
    ("timeout", -1),
    ("timeout", float("nan")),
    ("timeout", "5"),
    ("timeout", True),
    ("grace", -0.1),
    ("grace", None),
    ("leak_grace", "soon"),
    ("stop_signals", "TERM"),
    ("stop_signals", ["TERM"]),
    ("stop_signals", 15),
    ("output_limit_bytes", 0),
    ("output_limit_bytes", 1.5),
    ("line_limit_bytes", "1k"),
    ("descendants", "maybe"),
    ("limits", {"nofile": 5}),
    ("stdin", "pipe"),
    ("stdin", MERGED),
    ("stdin", Log("x")),
    ("stdout", None),
    ("stdout", Pipe),
    ("stdout", MERGED),
    ("stderr", 2),
    ("fds", [3]),
    ("fds", {0: 0}),
    ("fds", {2: 5}),
    ("fds", {-1: 5}),
    ("fds", {"3": 5}),
    ("fds", {3: "x"}),
    ("fds", {3: -1}),
    ("fds", {3: 2**40}),
    ("colour", "red"),
]


def test_an_option_that_cannot_be_is_refused_by_its_name():
    """C002: every option says what it takes; none fails later, deep inside, or is taken silently."""
    for option, value in IMPOSSIBLE_OPTIONS:
        with pytest.raises(InvalidCommand) as raised:
            spawn(["true"], **{option: value})
        assert raised.value.field.partition("[")[0] in {option, f"{option}_s"}


IMPOSSIBLE_PARTS = [
    (lambda: Pty(columns=0), "columns"),
    (lambda: Pty(rows=70000), "rows"),
    (lambda: Descriptor(-1), "fd"),
    (lambda: Descriptor("1"), "fd"),
    (lambda: File(5), "path"),
    (lambda: Log("x", limit_bytes=0), "limit_bytes"),
    (lambda: Limits(soft={"wings": 1}), "limits.soft['wings']"),
    (lambda: Limits(soft={"nofile": -2}), "limits.soft['nofile']"),
    (lambda: Limits(soft={"nofile": 9}, hard={"nofile": 8}), "limits.soft['nofile']"),
    (lambda: Limits(soft={"nofile": -1}, hard={"nofile": 8}), "limits.soft['nofile']"),
    (lambda: Limits(hard=[5]), "limits.hard"),
    (lambda: Limits(nice="5"), "limits.nice"),
    (lambda: Limits(umask=0o1000), "limits.umask"),
    (lambda: Limits(umask="022"), "limits.umask"),
    (lambda: StopStep("TERM", -1), "stop_signals"),
    (lambda: command(["ls"], name="x"), "name"),
    (lambda: shell(" "), "script"),
]


def test_a_part_that_cannot_be_is_refused_when_it_is_made():
    """C002: the parts of a command are checked where they are written down, not where they are used."""
    for make, field in IMPOSSIBLE_PARTS:
        with pytest.raises(InvalidCommand) as raised:
            make()
        assert raised.value.field == field


def test_a_step_with_no_signal_is_refused():
    """C002: a stop sequence takes signals only, by name or by number."""
    for signal in ("NOPE", 0, -1, 65, True, None, 1.5):
        with pytest.raises(InvalidSignal):
            StopStep(signal, 1)

    assert StopStep("INT", 1) == StopStep(2, 1)


async def test_a_refused_request_creates_nothing():
    """C001, C002: a refused request opens no descriptor, starts no process, makes no file and tells no event."""
    events = []
    before = sorted(os.listdir("/proc/self/fd"))

    for options in ({"cwd": "\0"}, {"timeout": -1}, {"env": {"": "x"}}, {"stdin": MERGED}, {"fds": {1: 1}}):
        with pytest.raises(InvalidCommand):
            spawn(["true"], on_event=events.append, **options)

    assert sorted(os.listdir("/proc/self/fd")) == before
    assert events == []


async def test_everything_that_is_a_path_or_text_is_taken(tmp_path, python, children):
    """C002: bytes and paths are arguments like text is, and undecodable bytes arrive as they were."""
    printed = await run(
        [Path(python), "-I", b"-S", children / "prints_arguments.py", "", " ", b"\xff\xfe", "é\n"],
        cwd=os.fsencode(tmp_path),
        env={b"A": b"\xff", "B": tmp_path, "C": None},
        text=False,
        stderr=INHERIT,
    )

    assert printed.stdout == b"\0 \0\xff\xfe\0" + "é\n".encode() + b"\0"
