"""Terminals: a real controlling terminal, its size, its keys, its answers, and every byte up to its end."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from procession import MERGED, PIPE, PTY, InputClosed, OutcomeKind, Pty, StreamUnavailable, run, shell, spawn
from procession.model.event import Exited

QUICK = (sys.executable, "-I", "-S")
ALL = {"stdin": PTY, "stdout": PTY, "stderr": PTY}
PERIOD = bytes(range(251))


async def test_it_is_a_terminal():
    """C082: all three streams are one terminal, and programs see that they are."""
    result = await run(shell("tty; test -t 0 && test -t 1 && test -t 2 && echo yes"), **ALL)
    name, answer, *_ = result.stdout.split("\r\n")

    assert name.startswith("/dev/pts/")
    assert answer == "yes"
    assert result.ok


async def test_output_is_translated_unless_switched_off():
    r"""C082: a terminal gives ``\r\n`` for ``\n``; a child may switch that off."""
    assert (await run(["printf", r"a\nb"], **ALL)).stdout == "a\r\nb"
    assert (await run(shell("stty -opost; printf 'a\\nb'"), **ALL)).stdout == "a\nb"


@pytest.mark.parametrize("times", [5, pytest.param(300, marks=pytest.mark.long)])
@pytest.mark.parametrize("size", [1, 4000, 4096, 60_000])
async def test_a_burst_and_the_end(children, size, times):
    """C082: every byte of a burst just before the exit comes, and then a clean end with the right code."""
    program = [*QUICK, "-c", f"import os, tty; tty.setraw(1); os.write(1, b'x' * {size}); os._exit(5)"]
    for _ in range(times):
        result = await run(program, stdin=PTY, stdout=PTY)

        assert len(result.stdout) == size
        assert (result.code, result.outcome.kind) == (5, OutcomeKind.FAILED)


async def test_a_late_reader(children):
    """C082: 200 kB with a reader that starts late: the child waits for it, and nothing is lost."""
    size = 200_000
    script = shell(f"stty raw; {sys.executable} -IS {children}/prints_exactly.py {size}")
    async with asyncio.timeout(20), spawn(script, stdin=PTY, stdout=PTY) as process:
        await asyncio.sleep(0.3)
        got = await process.stdout.read()
        outcome = await process.wait()

    assert got == (PERIOD * (size // 251 + 1))[:size]
    assert outcome.ok


async def test_a_child_that_is_gone_before_the_first_read():
    """C082: what a child printed before anybody read is there, with and without waiting first."""
    for waits in (False, True):
        async with spawn(["printf", "gone"], **ALL) as process:
            if waits:
                await process.wait()
            else:
                await asyncio.sleep(0.1)

            assert await process.stdout.read() == b"gone"
            assert (await process.wait()).ok


async def test_a_busy_loop_loses_nothing():
    """C082: a caller that blocks its loop beyond the leak grace, just when the child ends, loses nothing."""

    def block(event):
        if isinstance(event, Exited):
            for _ in range(4):
                asyncio.get_running_loop().call_soon(time.sleep, 0.15)

    program = [*QUICK, "-c", "import os, tty; tty.setraw(1); os.write(1, b'x' * 60000)"]
    async with spawn(program, on_event=block, **ALL) as process:
        outcome = await process.wait()

        assert len(await process.stdout.read()) == 60_000
        assert (outcome.ok, outcome.leaked) == (True, False)


@pytest.mark.parametrize("times", [10, pytest.param(300, marks=pytest.mark.long)])
async def test_closing_the_terminal_is_not_the_end(times):
    """C082: a child that closes its terminal a moment before it ends keeps its code: no hang-up hits it."""
    for _ in range(times):
        result = await run(shell("printf x; exec 0<&- 1>&- 2>&-; sleep 0.005; exit 4"), **ALL)

        assert (result.stdout, result.code) == ("x", 4)


async def test_coming_back_to_the_terminal():
    """C082: a child that closes its terminal and opens it again by name goes on where it was."""
    result = await run(shell("printf x; exec 0<&- 1>&- 2>&-; sleep 0.1; printf y > /dev/tty"), **ALL)

    assert (result.stdout, result.ok) == ("xy", True)


async def test_it_is_the_controlling_terminal():
    """C083: the job can open /dev/tty, leads the session of its terminal and is in its foreground."""
    script = "import os; t = os.open('/dev/tty', 2); print(os.tcgetpgrp(t) == os.getpid() == os.getsid(0))"
    result = await run([*QUICK, "-c", script], **ALL)

    assert result.stdout == "True\r\n"


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
async def test_one_stream_is_enough(stream):
    """C083: any one stream that is a terminal is the controlling one, beside pipes for the others."""
    number = ["stdin", "stdout", "stderr"].index(stream)
    script = f"import os; os.open('/dev/tty', 2); os._exit(os.isatty({number}) + 10)"
    result = await run([*QUICK, "-c", script], **{stream: PTY})

    assert (result.code, result.stderr or "") == (11, "")


async def test_a_terminal_for_input_only():
    """C083: a terminal as input alone takes any number of lines; its echo stands in nobody's way."""
    given = "".join(f"line {number}\n" for number in range(5000))
    result = await run(["cat"], input=given, stdin=PTY, timeout=10)

    assert (result.ok, result.stdout) == (True, given)


async def test_control_c():
    """C083: a written ^C is SIGINT for the foreground group."""
    script = "import os, signal as s; s.signal(s.SIGINT, s.SIG_DFL); os.write(1, b'ready'); s.pause()"
    async with spawn([*QUICK, "-c", script], **ALL) as process:
        await _read_until(process, b"ready")
        await process.stdin.write("\x03")
        outcome = await process.wait()

    assert (outcome.signal, outcome.kind) == (signal.SIGINT, OutcomeKind.KILLED)


async def test_control_c_as_the_child_sees_it(children):
    """C083: a ^C that is handled is a signal like any other: the job lives on."""
    async with spawn([*QUICK, children / "reports_signals.py"], grace=0.2, **ALL) as process:
        await _read_until(process, b"ready")
        await process.stdin.write(b"\x03")

        assert b"SIGINT" in await _read_until(process, b"SIGINT")
        assert process.exit is None


async def test_hang_up_when_the_host_is_killed(children, tmp_path, wait_until):
    """C083: when the master is closed, be it because its owner was killed, the job gets SIGHUP."""
    note = tmp_path / "note"
    job = f"trap 'echo hup > {note}; exit' HUP; echo ready; while :; do sleep 0.01; done"
    host = [sys.executable, children / "loses_its_host.py", "sh", "-c", job]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PROCESSION_CGROUP": "off"}
    ended = subprocess.run(host, env=environment, stdout=subprocess.PIPE, timeout=20)

    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, b"ready\r\n")
    assert await wait_until(lambda: note.exists() and note.read_text() == "hup\n")


async def test_the_end_of_input():
    """``close`` is ^D: a reader of lines comes to its end, within a line as well; reading goes on."""
    for written in ("a\nb\n", "a\nb"):
        async with asyncio.timeout(5), spawn(["cat"], **ALL) as process:
            await process.stdin.write(written)
            await process.stdin.close()
            got = await process.stdout.read()

            assert got.count(b"b") == 2
            assert (await process.wait()).ok
            with pytest.raises(InputClosed):
                await process.stdin.write("more")


async def test_the_end_of_input_without_echo():
    """The same for a child that switched the echo off, as a prompt for a password does."""
    script = shell("stty -echo; printf 'Password: '; read word; printf '<%s>' $word; cat")
    async with asyncio.timeout(5), spawn(script, **ALL) as process:
        await _read_until(process, b"Password: ")
        await process.stdin.write("secret\n")
        await process.stdin.close()

        assert await process.stdout.read() == b"<secret>"
        assert (await process.wait()).ok


async def test_the_size_and_its_change(children):
    """C084: a terminal has the size that was asked for; a change comes as SIGWINCH, and back again."""
    program = [*QUICK, children / "reports_its_window.py"]
    size = Pty(columns=100, rows=30)
    async with (
        asyncio.timeout(10),
        spawn(program, stdin=size, stdout=size) as process,
        contextlib.aclosing(process.stdout.lines()) as lines,
    ):
        assert (await anext(lines)).strip() == "100x30"
        for columns, rows in ((120, 40), (1, 1), (65_535, 65_535), (80, 24)):
            process.resize(columns, rows)
            assert (await anext(lines)).strip() == f"{columns}x{rows}"


async def test_the_default_size():
    """C084: a terminal is 80 by 24 unless said otherwise."""
    assert (await run(["stty", "size"], **ALL)).stdout == "24 80\r\n"


@pytest.mark.parametrize("value", [-1, 0, 65_536, "80", None, 80.0, True])
async def test_sizes_that_cannot_be(value):
    """C084: what is no size is refused before the kernel would wrap it, when resizing and when starting."""
    async with spawn(shell("read _; stty size"), **ALL) as process:
        for size in ((value, 24), (80, value)):
            with pytest.raises(ValueError, match=r"columns|rows"):
                process.resize(*size)
        await process.stdin.write("\n")
        assert b"24 80" in await process.stdout.read()
    with pytest.raises(ValueError, match="columns"):
        await run(["true"], stdout=Pty(columns=value))


async def test_resizing_what_has_no_terminal():
    """C084: resizing says so where there is no terminal, or none any more."""
    async with spawn(["sleep", "30"], grace=1) as process:
        with pytest.raises(StreamUnavailable):
            process.resize(80, 24)
    async with spawn(["true"], **ALL) as process:
        await process.wait()
        await process.stdout.read()
        with pytest.raises(StreamUnavailable):
            process.resize(80, 24)
    with pytest.raises(StreamUnavailable):
        process.resize(80, 24)


async def test_resizing_beside_a_pipe():
    """C084: the terminal is resized also where it serves stderr alone, while and after stdout ends."""
    waits = "until [ \"$(stty size <&2)\" = '40 120' ]; do sleep 0.01; done"
    script = shell(f"echo; exec 1>&-; {waits}; printf resized >&2")
    async with asyncio.timeout(10), spawn(script, stderr=PTY) as process:
        assert await process.stdout.read() == b"\n"
        process.resize(120, 40)

        assert await process.stderr.read() == b"resized"
        assert (await process.wait()).ok


async def test_answers_to_questions(children):
    """A child that asks its terminal and waits gets every answer, also when nobody reads yet."""
    for waits_first in (False, True):
        async with asyncio.timeout(20), spawn([*QUICK, children / "asks_its_terminal.py"], **ALL) as process:
            if waits_first:
                await process.wait()
            said = (await process.stdout.read()).decode()
        answers = re.findall(r"b'(.*?)'", said.splitlines()[-1])

        assert answers == [
            r"\x1b[1;6R",
            r"\x1b[0n",
            r"\x1b[?62;c",
            r"\x1b[>0;0;0c",
            r"\x1bP>|procession\x1b\\",
            r"\x1bP0+r\x1b\\",
        ]


async def test_answers_after_a_resize():
    """The place of the cursor is that on a terminal of the new size."""
    script = (
        "import os, tty; tty.setraw(0); os.write(1, b'ready'); os.read(0, 1);"
        "os.write(1, b'\\r' + b'x' * 100 + b'\\x1b[6n'); os.write(1, repr(os.read(0, 99)).encode())"
    )
    async with asyncio.timeout(10), spawn([*QUICK, "-c", script], **ALL) as process:
        await _read_until(process, b"ready")
        process.resize(120, 40)
        await process.stdin.write("g")

        assert b"[1;101R" in await process.stdout.read()


async def test_a_line_too_long_for_a_terminal():
    """C085: a line that a terminal in line mode would cut is refused with its limit; the longest that fits arrives."""
    async with asyncio.timeout(10), spawn(shell("stty -echo; echo ready; wc -c"), **ALL) as process:
        await _read_until(process, b"ready")
        for too_long in ("x" * 6000 + "\n", "x" * 4096, "ok\n" + "y" * 4096 + "\n"):
            with pytest.raises(ValueError, match="4095"):
                await process.stdin.write(too_long)
        await process.stdin.write("x" * 4095 + "\n")
        await process.stdin.close()

        assert int(await process.stdout.read()) == 4096


async def test_a_line_too_long_in_parts():
    """C085: the same for a line that is written in parts; what ends or clears a line begins anew."""
    async with asyncio.timeout(10), spawn(shell("stty -echo; echo ready; wc -c"), **ALL) as process:
        await _read_until(process, b"ready")
        await process.stdin.write("x" * 3000)
        with pytest.raises(ValueError, match="4095"):
            await process.stdin.write("x" * 3000 + "\n")
        await process.stdin.write("x" * 1000 + "\n")
        await process.stdin.write("x" * 3000 + "\x04")
        await process.stdin.write("x" * 3000 + "\x15")
        await process.stdin.write("x" * 3000 + "\n")
        await process.stdin.close()

        assert int(await process.stdout.read()) == 4001 + 3000 + 3001


async def test_raw_mode_takes_everything():
    """C085: a terminal in raw mode takes 1 MB without a newline, every byte of it."""
    given = bytes(range(256)) * 4000
    script = (
        f"import os, tty; tty.setraw(0); os.write(1, b'ready'); got = b''\n"
        f"while len(got) < {len(given)}: got += os.read(0, 65536)\n"
        "os.write(2, str(got == bytes(range(256)) * 4000).encode())"
    )
    async with asyncio.timeout(20), spawn([*QUICK, "-c", script], stdin=PTY, stdout=PTY) as process:
        await _read_until(process, b"ready")
        await process.stdin.write(given)

        assert await process.stderr.read() == b"True"


async def test_many_lines_for_a_child_that_does_not_read():
    """C085: writing to a terminal whose child does not read waits without blocking the loop; no line is lost."""
    lines = [f"{number:0100}\n" for number in range(2000)]
    async with asyncio.timeout(20), spawn(shell("stty -echo; echo ready; sleep 0.3; wc -c"), **ALL) as process:
        await _read_until(process, b"ready")
        writing = asyncio.ensure_future(process.stdin.write("".join(lines)))
        began = time.monotonic()
        await asyncio.sleep(0.05)

        assert time.monotonic() - began < 0.2
        assert not writing.done()
        await writing
        await process.stdin.close()
        assert int(await process.stdout.read()) == sum(map(len, lines))


async def test_writing_to_a_terminal_that_is_gone():
    """Writing to a terminal whose child has ended raises InputClosed, and never blocks."""
    async with asyncio.timeout(5), spawn(["true"], **ALL) as process:
        await process.wait()
        with pytest.raises(InputClosed):
            await process.stdin.write("late\n")
        await process.stdin.close()


async def test_one_terminal_serves_both_outputs():
    """Both outputs of a terminal are one stream: in order, given once, under either name."""
    async with spawn(shell("echo 1; echo 2 >&2; echo 3"), **ALL) as process:
        assert process.stdout is process.stderr
        lines = [(line.stream, line.text.strip()) async for line in process.lines()]

    assert lines == [("stdout", "1"), ("stdout", "2"), ("stdout", "3")]


async def test_a_pipe_beside_a_terminal():
    """Input through a pipe and output through a terminal, as a pager has it."""
    async with spawn(["cat"], stdin=PIPE, stdout=PTY, stderr=MERGED) as process:
        await process.stdin.write("x" * 10_000 + "\n")
        await process.stdin.close()

        assert await process.stdout.read() == b"x" * 10_000 + b"\r\n"
        assert (await process.wait()).ok


async def test_ending_a_terminal_job(tree_kind):
    """Stopping a job on a terminal ends it like any other: SIGTERM, not a hang-up, and all of it."""
    script = shell("trap 'echo term; exit 9' TERM; echo ready; while :; do sleep 0.01; done")
    async with spawn(script, **ALL) as process:
        await _read_until(process, b"ready")
        outcome = await process.terminate()

        assert (outcome.kind, outcome.code, outcome.forced) == (OutcomeKind.STOPPED, 9, False)
        assert b"term" in await process.stdout.read()


async def test_a_grandchild_keeps_the_terminal(tree_kind):
    """C021: a grandchild that ignores the hang-up and keeps the terminal delays the end by the leak grace, no more."""
    began = time.monotonic()
    result = await run(shell("trap '' HUP; sleep 30 & echo hi; exit 3"), grace=1, **ALL)

    assert time.monotonic() - began < 2
    assert (result.code, result.stdout, result.leaked) == (3, "hi\r\n", True)


async def _read_until(process, wanted: bytes) -> bytes:
    got = b""
    async with contextlib.aclosing(aiter(process.stdout)) as chunks:
        async for chunk in chunks:
            got += chunk
            if wanted in got:
                break
    return got
