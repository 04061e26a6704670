"""What a start that fails says: which of program, directory, interpreter or format was wrong, and nothing is left."""

import asyncio
import os
import re
import shutil
from pathlib import Path

import pytest

from procession import (
    BadFormat,
    BadWorkingDirectory,
    File,
    InterpreterMissing,
    Limits,
    Log,
    NotExecutable,
    ProgramNotFound,
    StartError,
    StdioUnavailable,
    TextFileBusy,
    run,
    run_blocking,
    spawn,
)

BOM = b"\xef\xbb\xbf"
THROUGH_BOOTSTRAP = {"limits": Limits(nice=1)}
"""Makes the start take the other way, through a Python program that becomes the job."""


@pytest.fixture(params=[{}, THROUGH_BOOTSTRAP], ids=["directly", "through_bootstrap"])
def way(request) -> dict:
    """Both ways of starting; whatever is promised of one is promised of the other."""
    return dict(request.param)


@pytest.fixture
def make_file(tmp_path):
    """Make an executable file of these bytes."""

    def make(contents: bytes, name: str = "tool", mode: int = 0o755) -> Path:
        path = tmp_path / name
        path.write_bytes(contents)
        path.chmod(mode)
        return path

    return make


async def refusal_of(argv, kind, **options):
    """Give the error, exactly of this kind, with which the start is refused."""
    with pytest.raises(kind) as raised:
        await run(argv, **options)
    assert type(raised.value) is kind
    assert raised.value.command
    return raised.value


async def test_four_things_can_be_missing(make_file, way):
    """C003: missing program, missing directory, missing interpreter, file as directory: four distinct errors."""
    script = make_file(b"#!/no/such/interpreter -x\n")

    program = await refusal_of(["/no/such/program"], ProgramNotFound, **way)
    directory = await refusal_of(["true"], BadWorkingDirectory, cwd="/no/such/directory", **way)
    interpreter = await refusal_of([script], InterpreterMissing, **way)
    file = await refusal_of(["true"], BadWorkingDirectory, cwd=script, **way)

    assert program.program == "/no/such/program"
    assert (directory.cwd, "does not exist" in str(directory)) == ("/no/such/directory", True)
    assert interpreter.interpreter == "/no/such/interpreter"
    assert str(script) in str(interpreter)
    assert (file.cwd, "is not a directory" in str(file)) == (str(script), True)


async def test_the_deepest_missing_interpreter_is_named(make_file, way):
    """C003: of a script run by a script, it is the interpreter that is missing at last which is named."""
    inner = make_file(b"#!/no/such/interpreter\n", "inner")
    outer = make_file(b"#!%b\n" % os.fsencode(inner), "outer")

    error = await refusal_of([outer], InterpreterMissing, **way)

    assert (error.program, error.interpreter) == (str(inner), "/no/such/interpreter")


async def test_a_missing_loader_is_named(tmp_path, way):
    """C003: a program whose dynamic loader is missing exists all the same; the loader is what is named."""
    program = tmp_path / "program"
    contents = Path(shutil.which("true")).read_bytes()
    loader = re.search(rb"/lib[^\0]*/ld-[^\0]*", contents)
    if loader is None:
        pytest.skip("true is linked statically here")
    program.write_bytes(contents.replace(loader[0], b"/nowhere".ljust(len(loader[0]), b"x")))
    program.chmod(0o755)

    error = await refusal_of([program], InterpreterMissing, **way)

    assert error.interpreter.startswith("/nowherexx")


UNRUNNABLE = [
    (b"echo hi\n", BadFormat, "format"),
    (b"", BadFormat, "is empty"),
    (b"#!\n", BadFormat, "interpreter"),
    (b"#!", BadFormat, "interpreter"),
    (b"#! \t \necho hi\n", BadFormat, "interpreter"),
    (b"#!/" + b"a" * 400 + b"\n", BadFormat, "interpreter"),
    (BOM + b"#!/bin/sh\n", BadFormat, "byte order mark"),
    ("#!/bin/sh\n".encode("utf-16"), BadFormat, "format"),
    (b"\x7fELF", BadFormat, "format"),
    (b"\0\0\0\0", BadFormat, "format"),
    (b"#!/bin/sh\r\necho hi\r\n", InterpreterMissing, r"'/bin/sh\\r'"),
    (b"#!/etc\n", NotExecutable, "/etc is a directory"),
    (b"#!/etc/passwd\n", NotExecutable, "/etc/passwd is not executable"),
]


async def test_a_file_the_kernel_cannot_run_is_an_error(make_file, way):
    """C004: what the kernel cannot run is never given to a shell instead; the error says what is wrong with it."""
    for contents, kind, says in UNRUNNABLE:
        program = make_file(contents)
        by_path = await refusal_of([program], kind, **way)
        by_name = await refusal_of([program.name], kind, env={"PATH": f"{program.parent}:/bin"}, **way)
        assert re.search(says, str(by_path))
        assert re.search(says, str(by_name))
        assert by_path.hint


@pytest.mark.in_process("run_blocking has a loop of its own, and there we are the parent")
async def test_the_same_refusal_at_every_entry(make_file):
    """C004: run, run_blocking and spawn refuse the same file with the same words."""
    program = make_file(b"echo hi\n")
    messages = {str(await refusal_of([program], BadFormat))}

    with pytest.raises(BadFormat) as raised:
        async with spawn([program]):
            pass
    messages.add(str(raised.value))
    with pytest.raises(BadFormat) as raised:
        await asyncio.to_thread(run_blocking, [program])
    messages.add(str(raised.value))

    assert len(messages) == 1


async def test_scripts_the_kernel_can_run_do_run(make_file, way):
    """C004: blanks and tabs around the interpreter, no final newline, a script run by a script: all of these run."""
    inner = make_file(b"#!/bin/sh\necho inner\n", "inner")
    for name, contents in {
        "tabs": b"#!\t/bin/sh\t-e \necho ran\n",
        "no_newline": b"#!/bin/true",
        "nul": b"#!/bin/sh\0rubbish\necho ran\n",
        "chained": b"#!%b\n" % os.fsencode(inner),
    }.items():
        result = await run([make_file(contents, name)], **way)
        assert result.ok, (name, result)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path.mkdir(), "is a directory"),
        (lambda path: path.write_text("#!/bin/sh\n"), "is not executable"),
        (os.mkfifo, "is no regular file"),
    ],
)
async def test_what_may_not_be_executed_says_so(tmp_path, way, make, says):
    """C004: a directory, a file without x and a FIFO are NotExecutable, by path and by name, and nothing hangs."""
    make(tmp_path / "tool")

    by_path = await refusal_of([tmp_path / "tool"], NotExecutable, **way)
    by_name = await refusal_of(["tool"], NotExecutable, env={"PATH": str(tmp_path)}, **way)

    assert says in str(by_path)
    assert says in str(by_name)


async def test_what_leads_nowhere_is_not_found(tmp_path):
    """C003: dangling links, link loops, endless names, a tilde: not found, in our own words."""
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")

    for name in ("dangling", "loop", "/no/such", "a" * 5000, "/" + "a" * 5000, "~/x", "/bin/sh/x", " "):
        for each in (name, f"{tmp_path}/{name}"):
            error = await refusal_of([each], ProgramNotFound, env={"PATH": str(tmp_path)})
            assert error.suggestion != each


async def test_a_close_name_is_suggested():
    """C003: a misspelt program comes with the name that was probably meant."""
    error = await refusal_of(["slep"], ProgramNotFound)

    assert error.suggestion == "sleep"
    assert "sleep" in error.hint


async def test_a_relative_program_is_taken_from_our_directory(tmp_path, monkeypatch, way):
    """C006: `./tool` with a cwd is our tool, whatever lies in that directory; the job still runs there."""
    for place in ("ours", "theirs"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "tool").write_text(f"#!/bin/sh\necho {place}; pwd\n")
        (tmp_path / place / "tool").chmod(0o755)
    monkeypatch.chdir(tmp_path / "ours")

    for name in ("./tool", "../ours/tool", ".//tool"):
        result = await run([name], cwd=tmp_path / "theirs", **way)
        assert result.stdout == f"ours\n{tmp_path}/theirs\n"


async def test_dots_behind_a_link_are_the_kernels_to_resolve(tmp_path, monkeypatch):
    """C006: `link/../tool` is what the kernel makes of it, not what its text looks like."""
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "far" / "tool").write_text("#!/bin/sh\necho far\n")
    (tmp_path / "far" / "tool").chmod(0o755)
    (tmp_path / "link").symlink_to("far/away")
    monkeypatch.chdir(tmp_path)

    assert (await run(["link/../tool"], cwd="/")).stdout == "far\n"


async def test_a_bare_name_comes_from_the_path_of_the_job(tmp_path, monkeypatch):
    """C006: a bare name is looked up in the job's PATH; ours does not count, nor does our directory or the job's."""
    (tmp_path / "tool").write_text("#!/bin/sh\necho found\n")
    (tmp_path / "tool").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert (await run(["tool"])).stdout == "found\n"
    await refusal_of(["tool"], ProgramNotFound, env={"PATH": "/bin:/usr/bin"}, cwd=tmp_path)
    await refusal_of(["tool"], ProgramNotFound, clean_env=True)
    await refusal_of(["tool"], ProgramNotFound, env={"PATH": None})


async def test_a_relative_path_entry_means_the_directory_of_the_job(tmp_path, monkeypatch):
    """C006: an empty or relative entry of PATH means where the job starts, as it would after a cd."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "tool").write_text("#!/bin/sh\necho found\n")
    (tmp_path / "bin" / "tool").chmod(0o755)
    monkeypatch.chdir("/")

    assert (await run(["tool"], env={"PATH": "bin"}, cwd=tmp_path)).stdout == "found\n"
    assert (await run(["tool"], env={"PATH": ":/nowhere"}, cwd=tmp_path / "bin")).stdout == "found\n"
    await refusal_of(["tool"], ProgramNotFound, env={"PATH": "bin"})


async def test_our_own_directory_may_be_gone(tmp_path, monkeypatch):
    """C006: a host whose directory was removed still starts programs, and misses relative ones in our words."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    assert (await run(["true"], cwd="/")).ok
    assert (await run(["true"])).ok
    await refusal_of(["./tool"], ProgramNotFound)
    await refusal_of(["tool"], ProgramNotFound, env={"PATH": "bin:"})


async def test_a_file_open_for_writing_is_busy(make_file, way):
    """C013: a program that somebody still holds open for writing is TextFileBusy, after a short patience."""
    program = make_file(b"#!/bin/sh\n")

    with program.open("ab"):
        await refusal_of([program], TextFileBusy, **way)

    assert (await run([program], **way)).ok


FAILURES = {
    "ENOENT": (["/no/such/program"], {}, ProgramNotFound),
    "EACCES": (["/etc/passwd"], {}, NotExecutable),
    "ENOTDIR": (["true"], {"cwd": "/etc/passwd"}, BadWorkingDirectory),
    "ENOEXEC": (["noformat"], {}, BadFormat),
    "EBADF": (["true"], {"fds": {7: 999_999}}, StdioUnavailable),
    "no such log": (["true"], {"stdout": Log("/no/such/log")}, StdioUnavailable),
    "no such file": (["true"], {"stdin": File("/no/such/file")}, StdioUnavailable),
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_failed_start_leaves_nothing(tree_kind, make_file, monkeypatch, failure):
    """C011: 50 failures of each sort leave no process, no descriptor, one event each, and the next start works."""
    argv, options, kind = FAILURES[failure]
    monkeypatch.setenv("PATH", f"{make_file(b'hi', 'noformat').parent}:{os.environ['PATH']}")
    assert (await run(["true"])).ok
    before = sorted(os.listdir("/proc/self/fd"))
    told = []

    for _ in range(50):
        with pytest.raises(kind) as raised:
            async with spawn(argv, on_event=told.append, **options):
                pass
        assert isinstance(raised.value, StartError)
        assert raised.value.command

    assert [event.name for event in told] == ["starting", "start_failed"] * 50
    assert {event.error for event in told[1::2]} == {kind.code}
    assert sorted(os.listdir("/proc/self/fd")) == before
    assert (await run(["true"])).ok


@pytest.mark.long
@pytest.mark.parametrize("failure", FAILURES)
async def test_failed_starts_in_the_long_run(tree_kind, make_file, monkeypatch, failure):
    """C011: the same 200 times, through the bootstrap too."""
    argv, options, kind = FAILURES[failure]
    monkeypatch.setenv("PATH", f"{make_file(b'hi', 'noformat').parent}:{os.environ['PATH']}")
    before = sorted(os.listdir("/proc/self/fd"))

    for way in ({}, THROUGH_BOOTSTRAP):
        for _ in range(200):
            await refusal_of(argv, kind, **options, **way)

    assert sorted(os.listdir("/proc/self/fd")) == before
