"""Starting: what is refused, in which words, and what a started program finds."""

import asyncio
import os
import resource
import sys
from pathlib import Path

import pytest

from procession.errors import InvalidCommand, InvalidTask
from procession.model.command import Command, command, shell
from procession.model.stdio import MERGED

QUICK = [sys.executable, "-I", "-S"]
BOM = b"\xef\xbb\xbf"


def executable(path: Path, contents: bytes, mode: int = 0o755) -> str:
    """Write a program."""
    path.write_bytes(contents)
    path.chmod(mode)
    return str(path)


async def refusal(mode, work, **fields):
    """Run what cannot be started; give the code and the sentence of its outcome."""
    view = await mode.run(work, **fields)
    outcome = view.outcome
    assert (view.state, view.pid, outcome.kind) == ("ended", None, "failed_to_start")
    assert (outcome.code, outcome.signal, outcome.ok) == (None, None, False)
    return outcome.error_code, outcome.message


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("argv[0]", {"argv": ["a\0b"]}),
        ("argv[1]", {"argv": ["true", "a\0b"]}),
        ("env", {"argv": ["true"], "env": {"a\0b": "c"}}),
        ("env['A']", {"argv": ["true"], "env": {"A": "b\0c"}}),
        ("cwd", {"argv": ["true"], "cwd": "/a\0b"}),
    ],
)
async def test_nul_bytes_are_refused(mode, field, fields):
    """C001: a NUL byte anywhere is InvalidCommand with the field's name, before anything is created."""
    with pytest.raises(InvalidCommand) as raised:
        await mode.submit(Command(**fields))

    assert raised.value.field == field
    assert mode.members() == []


@pytest.mark.parametrize(
    ("work", "fields", "kind", "says"),
    [
        ([], {}, InvalidCommand, "invalid command: argv is empty; it needs at least a program"),
        ([""], {}, InvalidCommand, "invalid command: argv[0] is empty; it must name a program"),
        (["x", 1], {}, InvalidCommand, "invalid command: argv[1] must be text, bytes or a path, got int"),
        ("sleep 1", {}, InvalidCommand, "invalid command: argv is one string; nothing is split or given to a shell"),
        (["x"], {"after": ["nobody"]}, InvalidTask, "invalid task: after"),
        (["x"], {"name": "a/b"}, InvalidTask, "invalid task: name"),
        (["x"], {"retries": -1}, InvalidTask, "invalid task: retries must be a whole number from 0, got -1"),
    ],
)
async def test_bad_requests_are_refused_in_the_same_words(mode, work, fields, kind, says):
    """C002: what is wrong in itself is one typed error with one text, whoever would have run it."""
    with pytest.raises(kind) as raised:
        await mode.submit(work, **fields)

    assert type(raised.value) is kind
    assert str(raised.value).startswith(says)
    assert raised.value.code == kind.code


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"env": {"": "x"}}, "invalid command: env has a name that cannot be: ''"),
        ({"env": {"A=B": "x"}}, "invalid command: env has a name that cannot be: 'A=…'"),
        ({"timeout_s": -1}, "invalid command: timeout_s must be"),
        ({"grace_s": -1}, "invalid command: grace_s must be"),
    ],
)
async def test_bad_fields_are_refused_in_the_same_words(mode, changes, says):
    """C002: an environment that cannot be and a negative duration: InvalidCommand, which names the field."""
    with pytest.raises(InvalidCommand) as raised:
        await mode.submit(Command(argv=("true",), **changes))

    assert str(raised.value).startswith(says)


async def test_a_dependency_that_is_nobody(mode):
    """C002: the refusal that only the supervisor can give has the same text and field everywhere."""
    with pytest.raises(InvalidTask) as raised:
        await mode.submit(["true"], after=["nobody"])

    assert (raised.value.field, str(raised.value)) == (
        "after",
        "invalid task: after names no task that is known: 'nobody'",
    )


async def test_four_things_can_be_missing(mode, tmp_path):
    """C003: a missing program, directory and interpreter, and a file for a directory: four errors, each with a name."""
    script = executable(tmp_path / "tool", b"#!/no/such/interpreter -x\n")
    true = command(["true"])

    assert await refusal(mode, ["/no/such/program"]) == (
        "program_not_found",
        "cannot start /no/such/program: there is no program '/no/such/program'",
    )
    code, says = await refusal(mode, true.replace(cwd="/no/such/directory"))
    assert (code, says) == (
        "bad_working_directory",
        "cannot start true: the working directory /no/such/directory does not exist",
    )
    code, says = await refusal(mode, [script])
    assert (code, "/no/such/interpreter" in says, script in says) == ("interpreter_missing", True, True)
    code, says = await refusal(mode, true.replace(cwd=script))
    assert (code, says) == (
        "bad_working_directory",
        f"cannot start true: the working directory {script} is not a directory",
    )


@pytest.mark.parametrize(
    ("contents", "code", "says"),
    [
        (b"echo hi\n", "bad_format", "format"),
        (b"", "bad_format", "is empty"),
        (BOM + b"#!/bin/sh\n", "bad_format", "byte order mark"),
        (b"#!/bin/sh\r\necho hi\r\n", "interpreter_missing", "'/bin/sh\\r'"),
        (b"#!/etc\n", "not_executable", "/etc is a directory"),
    ],
)
async def test_formats_are_one_policy(mode, tmp_path, contents, code, says):
    """C004: what the kernel cannot run is never given to a shell; the error says what is wrong with the file."""
    program = executable(tmp_path / "tool", contents)
    refused, sentence = await refusal(mode, [program])

    assert refused == code
    assert says in sentence


async def test_directories_and_files_without_x(mode, tmp_path):
    """C004: a directory, and a file without the x bit, are NotExecutable."""
    (tmp_path / "folder").mkdir()
    plain = executable(tmp_path / "plain", b"#!/bin/sh\n", 0o644)

    folder = await refusal(mode, [str(tmp_path / "folder")])
    file = await refusal(mode, [plain])

    assert (folder[0], "is a directory" in folder[1]) == ("not_executable", True)
    assert (file[0], "is not executable" in file[1]) == ("not_executable", True)


async def test_size_limits(mode):
    """C005: the kernel's limits for one argument and one variable hold to the byte; errors name what is too long."""
    counting = shell('printf %s "$1$K" | wc -c')
    longest = counting.replace(argv=(*counting.argv, "sh", "a" * 131_071))
    assert await mode.stdout((await mode.run(longest)).id) == b"131071\n"
    widest = counting.replace(argv=(*counting.argv, "sh"), env={"K": "v" * (131_072 - 3)})
    assert await mode.stdout((await mode.run(widest)).id) == b"131069\n"

    code, says = await refusal(mode, ["true", "a" * 131_072])
    assert (code, "argv[1]" in says, "131,072" in says) == ("too_long", True, True)
    code, says = await refusal(mode, command(["true"]).replace(env={"K": "v" * (131_073 - 3)}))
    assert (code, "variable K has 131,072 bytes" in says) == ("too_long", True)
    code, says = await refusal(mode, ["true", *["a" * 100_000] * 100])
    assert (code, len(says) < 1000) == ("too_long", True)


async def test_a_relative_program_is_the_clients(mode, tmp_path, monkeypatch):
    """C006: `./tool` is taken from the directory of who submits, whatever the task's is; a bare name from its PATH."""
    for place in ("ours", "theirs"):
        (tmp_path / place).mkdir()
        executable(tmp_path / place / "tool", f"#!/bin/sh\necho {place}; pwd\n".encode())
    monkeypatch.chdir(tmp_path / "ours")
    theirs = {"cwd": str(tmp_path / "theirs")}

    relative = await mode.run(command(["./tool"]).replace(**theirs))
    bare = await mode.run(command(["tool"]).replace(env={"PATH": str(tmp_path / "theirs")}))

    assert await mode.stdout(relative.id) == f"ours\n{tmp_path}/theirs\n".encode()
    assert await mode.stdout(bare.id) == f"theirs\n{tmp_path}/ours\n".encode()
    assert relative.cwd == str(tmp_path / "theirs")
    assert (await refusal(mode, ["tool"]))[0] == "program_not_found"


async def test_the_table_of_descriptors_is_exact(mode, children):
    """C008: 0, 1 and 2 and nothing else, whatever the supervisor holds; standard input is at its end."""
    ours = [os.open(os.devnull, os.O_RDWR) for _ in range(200)]
    try:
        for each in ours:
            os.set_inheritable(each, True)
        view = await mode.run([*QUICK, children / "lists_descriptors.py"])
    finally:
        for each in ours:
            os.close(each)

    *numbers, last = (await mode.stdout(view.id)).decode().splitlines()
    assert [line.split()[0] for line in numbers] == ["0", "1", "2"]
    assert numbers[0] == "0 /dev/null"
    assert last == "stdin 0"


async def test_signals_are_reset(mode):
    """C010: nothing is ignored or blocked, whatever the supervisor ignores; SIGTERM ends it, SIGPIPE its writers."""
    id_ = await mode.submit(shell("grep -E '^Sig(Blk|Ign)' /proc/self/status; exec sleep 1000"))
    masks = await mode.when_printed(id_, b"SigIgn:\t0000000000000000\n")
    view = await mode.stop(id_)
    piped = await mode.run(shell("{ yes; kill -l $? >&2; } | head -n 1"))

    assert masks == b"SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
    assert (view.outcome.signal, view.outcome.forced) == (15, False)
    assert (await mode.stdout(piped.id), await mode.stderr(piped.id)) == (b"y\n", b"PIPE\n")


async def test_failed_starts_leave_nothing(mode, tmp_path):
    """C011: 20 failures of each sort leave no process and no descriptor; each is told once, the next start works."""
    noformat = executable(tmp_path / "noformat", b"hi")
    for work in (["/no/such/program"], ["/etc/passwd"], [noformat], command(["true"]).replace(cwd="/etc/passwd")):
        ids = [await mode.submit(work) for _ in range(20)]
        for id_ in ids:
            assert (await mode.wait(id_)).outcome.kind == "failed_to_start"
        names = [fact.name for fact in await mode.facts(ids[-1])]
        assert [name for name in names if name != "waiting"] == ["submitted", "starting", "start_failed", "ended"]

    assert (await mode.run(["true"])).ok


async def test_freshly_written_programs(mode, tmp_path):
    """C013: a program written and closed a moment ago starts every time, while others start all the time."""
    churn = shell("while :; do /bin/true; done")
    others = [await mode.submit(churn) for _ in range(2)]
    for number in range(30):
        program = executable(tmp_path / f"tool{number}", b"#!/bin/sh\nexit 3\n")
        assert (await mode.run([program])).outcome.code == 3
        os.unlink(program)
    for id_ in others:
        await mode.kill(id_)


async def test_a_program_that_is_being_written(mode, tmp_path):
    """C013: one that is still held open for writing is refused as such."""
    program = executable(tmp_path / "tool", b"#!/bin/sh\n")
    with open(program, "ab"):
        code, _ = await refusal(mode, [program])

    assert code == "text_file_busy"
    assert (await mode.run([program])).ok


async def test_limits_are_the_callers(mode):
    """C108: the soft limits, the mask, niceness and the out-of-memory score are those of who submits now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    umask = os.umask(0o026)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 17, hard))
    try:
        view = await mode.run(shell("ulimit -n; nice; cat /proc/self/oom_score_adj; umask"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        os.umask(umask)

    score = Path("/proc/self/oom_score_adj").read_text().strip()
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    assert (await mode.stdout(view.id)).decode().split() == [str(soft - 17), str(nice), score, "0026"]


@pytest.mark.root
async def test_niceness_is_the_callers(mode):
    """C108: a submitter that became nicer, after whoever starts things was started, has nicer tasks."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, before + 3)
    try:
        view = await mode.run(["nice"])
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)

    assert await mode.stdout(view.id) == b"%d\n" % (before + 3)


async def test_no_accidental_shell(mode):
    """C115: what a shell would take for syntax arrives literally, and the recorded command can be pasted into one."""
    hostile = ["; rm -rf x", "$(id)", "a\nb", "*", "-n", "'\"", ""]
    program = "import sys; sys.stdout.write('|'.join(sys.argv[1:]))"
    view = await mode.run([*QUICK, "-c", program, *hostile])
    pasted = await asyncio.create_subprocess_shell(view.command, stdout=asyncio.subprocess.PIPE)
    printed, _ = await pasted.communicate()

    assert await mode.stdout(view.id) == "|".join(hostile).encode() == printed
    assert view.argv[-len(hostile) :] == tuple(hostile)


async def test_merged_streams(mode):
    """C028: merged, both streams are one, in the order of the writes; apart, each is whole."""
    script = "i=0; while [ $i -lt 50 ]; do echo out$i; echo err$i >&2; i=$((i+1)); done"
    merged = await mode.run(shell(script).replace(stderr=MERGED))
    apart = await mode.run(shell(script))

    assert await mode.stdout(merged.id) == b"".join(b"out%d\nerr%d\n" % (i, i) for i in range(50))
    assert await mode.stdout(apart.id) == b"".join(b"out%d\n" % i for i in range(50))
    assert await mode.stderr(apart.id) == b"".join(b"err%d\n" % i for i in range(50))
