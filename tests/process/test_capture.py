"""`run`: input, both outputs, limits, and what a failure still has to show."""

import asyncio
import os
import pickle
import signal
import sys
import time
from array import array

import pytest

from procession import (
    MERGED,
    NULL,
    PTY,
    ExitedWithCode,
    InvalidCommand,
    KilledBySignal,
    OutcomeKind,
    OutputLimitReached,
    StreamUnavailable,
    TimedOut,
    command,
    run,
    run_blocking,
    shell,
    spawn,
)

MIB = 1 << 20
PERIOD = bytes(range(251))
QUICK = (sys.executable, "-I", "-S")


async def test_ten_mebibytes_each_way(children):
    """C015: what a child copies to both outputs while it computes arrives whole, without a deadlock."""
    given = os.urandom(10 * MIB)
    result = await run([*QUICK, children / "copies_to_both.py"], input=given, text=False)

    assert result.ok
    assert result.stdout == given
    assert result.stderr == given


async def test_one_job_waits_for_another(tmp_path):
    """C015: a job that prints much goes on while its caller awaits another that waits for it."""
    fifo = tmp_path / "done"
    os.mkfifo(fifo)
    async with (
        spawn(shell(f"cat {fifo}")) as first,
        spawn(shell(f"head -c 2000000 /dev/zero; echo finished > {fifo}")) as second,
    ):
        waiting = asyncio.ensure_future(second.wait())
        outcome = await first.wait()

        assert outcome.ok
        assert await first.stdout.read() == b"finished\n"
        assert (await waiting).ok
        assert len(await second.stdout.read()) == 2_000_000


async def test_input_larger_than_a_pipe_beside_output():
    """C015: input and output go on at the same time, also for a child that answers line by line."""
    given = "".join(f"line {number}\n" for number in range(50_000))
    result = await run(["cat"], input=given)

    assert result.stdout == given


@pytest.mark.parametrize("given", ["", b""])
async def test_empty_input(given):
    """Empty input is an end of file at once, not nothing at all."""
    result = await run(["wc", "-c"], input=given)

    assert result.stdout.strip() == "0"


async def test_a_child_that_ignores_its_input():
    """C016: 1 MiB for a child that does not read changes nothing about its result, and leaves nobody feeding."""
    for script, code in (("exit 0", 0), ("exit 7", 7), ("exec 0<&-; sleep 0.1; exit 3", 3)):
        result = await run(shell(script), input=bytes(MIB))

        assert result.code == code
        assert result.outcome.kind is (OutcomeKind.FAILED if code else OutcomeKind.SUCCEEDED)
    assert signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN


async def test_a_child_that_reads_a_little_of_its_input():
    """C016: a child that takes the beginning of its input and ends is a success."""
    result = await run(["head", "-c", "5"], input=b"12345" + bytes(MIB))

    assert result.ok
    assert result.stdout == "12345"


async def test_sigpipe_is_the_childs_own():
    """C016: the child gets the default SIGPIPE, although Python ignores its own: `yes | head` ends."""
    result = await run(shell("yes | head -n 1; grep SigIgn /proc/self/status"), timeout=10)

    assert result.stdout.splitlines()[0] == "y"
    assert int(result.stdout.split()[-1], 16) & 1 << (signal.SIGPIPE - 1) == 0


async def test_text_is_the_default():
    """Text is decoded as UTF-8, and ``text=False`` gives the bytes."""
    assert (await run(["printf", "gr\\303\\274n"])).stdout == "grün"
    assert (await run(["printf", "gr\\303\\274n"], text=False)).stdout == "grün".encode()
    assert (await run(["printf", "gr\\374n"], encoding="latin-1")).stdout == "grün"


async def test_invalid_text_is_replaced():
    """C024: invalid bytes become U+FFFD each, a character cut short by the end one; bytes are exact."""
    script = shell(r"printf 'a\377\376b\360\237\230'")

    assert (await run(script)).stdout == "a��b�"
    assert (await run(script, text=False)).stdout == b"a\xff\xfeb\xf0\x9f\x98"
    assert (await run(script, errors="surrogateescape")).stdout == "a\udcff\udcfeb\udcf0\udc9f\udc98"


async def test_newlines_are_not_touched():
    r"""C026: text keeps ``\r`` and ``\r\n`` as they came."""
    assert (await run(["printf", "10%%\\r20%%\\r\\n"])).stdout == "10%\r20%\r\n"


async def test_nul_bytes():
    """Bytes are bytes: a NUL ends nothing."""
    assert (await run(["printf", "a\\0b"])).stdout == "a\0b"


async def test_output_that_goes_elsewhere_is_none():
    """What is not captured is None, not empty."""
    result = await run(shell("echo out; echo err >&2"), stderr=NULL)

    assert (result.stdout, result.stderr) == ("out\n", None)


async def test_head_and_tail_of_too_much(children):
    """Beyond the limit the first and the last bytes are kept, a mark between them says how many are missing."""
    limit, size = 100_000, 5_000_000
    result = await run([*QUICK, children / "prints_exactly.py", str(size), "10"], output_limit_bytes=limit, text=False)
    whole = PERIOD * (size // len(PERIOD) + 1)
    head, mark, tail = result.stdout.partition(b"\n[\xe2\x80\xa6")[0], b"4,900,000 bytes", result.stdout[-limit // 2 :]

    assert result.ok
    assert head == whole[: limit // 2]
    assert tail == whole[size - limit // 2 : size]
    assert mark in result.stdout
    assert limit < len(result.stdout) < limit + 100
    assert result.stdout_dropped_bytes == size - limit
    assert (result.stderr, result.stderr_dropped_bytes) == (PERIOD[:10], 0)


async def test_exactly_the_limit(children):
    """Output of exactly the limit is whole; one byte more drops one byte."""
    program = [*QUICK, children / "prints_exactly.py"]
    exact = await run([*program, "70000"], output_limit_bytes=70_000, text=False)
    more = await run([*program, "70001"], output_limit_bytes=70_000, text=False)

    assert (len(exact.stdout), exact.stdout_dropped_bytes) == (70_000, 0)
    assert more.stdout_dropped_bytes == 1


async def test_the_limit_is_a_failure_if_asked():
    """``fail_on_limit`` raises, with everything that was kept."""
    with pytest.raises(OutputLimitReached) as raised:
        await run(["head", "-c", "5000", "/dev/zero"], output_limit_bytes=1000, fail_on_limit=True)

    assert raised.value.result.outcome.ok
    assert raised.value.stdout_dropped_bytes == 4000
    assert (await run(["echo"], output_limit_bytes=1000, fail_on_limit=True)).ok


async def test_a_limit_within_a_character():
    """A limit that falls into a character spoils that character, not the text."""
    result = await run(shell("printf 'ü%.0s' $(seq 1000)"), output_limit_bytes=101)

    assert result.stdout.startswith("ü" * 25)
    assert result.stdout.endswith("ü" * 25)
    assert "dropped" in result.stdout


async def test_check_raises_with_everything():
    """``check`` raises the kind that fits; the error has the shape of a success, also after pickling."""
    with pytest.raises(ExitedWithCode) as raised:
        await run(shell("echo partial; echo why >&2; exit 3"), check=True)
    error = pickle.loads(pickle.dumps(raised.value))

    for each in (raised.value, error):
        assert each.result.code == 3
        assert (each.stdout, each.stderr) == ("partial\n", "why\n")
        assert "why" in str(each)


async def test_check_of_a_signal():
    """A child that killed itself raises KilledBySignal under ``check``, with its output."""
    with pytest.raises(KilledBySignal) as raised:
        await run(shell("echo partial; kill -KILL $$"), check=True)

    assert (raised.value.stdout, raised.value.signal) == ("partial\n", signal.SIGKILL)


async def test_partial_output_of_a_timeout(tree_kind):
    """C022: a time-out gives what was printed until then; the surviving grandchild neither delays it nor survives."""
    began = time.monotonic()
    result = await run(shell("echo before; sleep 30 & wait"), timeout=0.3, grace=1)

    assert time.monotonic() - began < 0.3 + 1 + 0.1 + 2
    assert result.timed_out
    assert result.stdout == "before\n"
    with pytest.raises(TimedOut) as raised:
        result.check()
    assert raised.value.stdout == "before\n"


async def test_timeout_while_it_floods():
    """C022: a child that never stops printing is timed out like any other, head and tail kept."""
    result = await run(["yes"], timeout=0.3, output_limit_bytes=1000)

    assert result.timed_out
    assert result.stdout.startswith("y\ny\n")
    assert result.stdout_dropped_bytes > 1000


async def test_timeout_while_it_is_fed():
    """C022: a child that does not read its input is timed out, and the feeding ends with it."""
    result = await run(["sleep", "30"], input=bytes(MIB), timeout=0.3)

    assert result.timed_out


async def test_cancelling_ends_the_child(tree_kind, tmp_path):
    """A cancelled `run` ends its child before it lets go, while it reads and while it feeds."""
    for arguments in ({"given": ["yes"]}, {"given": ["sleep", "30"], "input": bytes(MIB)}):
        given = arguments.pop("given")
        running = asyncio.ensure_future(run(given, **arguments))
        await asyncio.sleep(0.1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_input_that_cannot_be_given():
    """Input of a wrong type, or for a stream that takes none, raises at once; no child is left waiting for it."""
    async with asyncio.timeout(5):
        with pytest.raises(TypeError):
            await run(["cat"], input=5)
        with pytest.raises(StreamUnavailable):
            await run(["sleep", "30"], input="text", stdin=NULL)
        with pytest.raises(UnicodeEncodeError):
            await run(["cat"], input="€", encoding="latin-1")


async def test_input_is_encoded_as_output_is_decoded():
    """``encoding`` and ``errors`` are those of both directions; any kind of bytes is taken as it is."""
    assert (await run(["cat"], input="grün", encoding="latin-1")).stdout == "grün"
    assert (await run(["wc", "-c"], input="grün", encoding="latin-1")).stdout.strip() == "4"
    assert (await run(["cat"], input="\udcff", errors="surrogateescape")).stdout == "\udcff"
    assert (await run(["cat"], input=bytearray(b"abc"))).stdout == "abc"
    assert (await run(["cat"], input=memoryview(array("i", [1, 2])), text=False)).stdout == array("i", [1, 2]).tobytes()


async def test_a_terminal_that_is_fed():
    """Input for a terminal ends with an end of file, with or without a newline at its end."""
    for given in ("abc\n", "abc", ""):
        result = await run(["cat"], input=given, stdin=PTY, stdout=PTY, timeout=5)

        assert result.ok
        assert result.stdout.count("abc") == (2 if given else 0)


async def test_a_terminal_that_cannot_be_fed():
    """C085: input with a line too long for a terminal raises at once; it never leaves a child waiting for it."""
    async with asyncio.timeout(5):
        with pytest.raises(ValueError, match="4095"):
            await run(["cat"], input="x" * 6000 + "\n", stdin=PTY, stdout=PTY)


async def test_merged_capture():
    """C028: merged, everything is in stdout, in the order of the writes; stderr is None."""
    result = await run(shell("echo 1; echo 2 >&2; echo 3"), stderr=MERGED)

    assert (result.stdout, result.stderr) == ("1\n2\n3\n", None)


async def test_many_at_once(children):
    """Twenty runs at a time do not mix their outputs."""
    sizes = [1000 * number + number for number in range(1, 21)]
    program = [*QUICK, children / "prints_exactly.py"]
    results = await asyncio.gather(*(run([*program, str(size), str(size)], text=False) for size in sizes))

    for size, result in zip(sizes, results, strict=True):
        assert result.stdout == result.stderr == (PERIOD * (size // 251 + 1))[:size]


def test_blocking(children):
    """`run_blocking` gives the same in a script without a loop."""
    result = run_blocking(command("cat {path}", path="-"), input="same")

    assert (result.stdout, result.code) == ("same", 0)


async def test_blocking_within_a_loop():
    """`run_blocking` refuses to block a running loop, and leaves no coroutine behind."""
    with pytest.raises(RuntimeError):
        run_blocking(["true"])


async def test_unknown_options_are_refused():
    """A misspelt option is named, and nothing is started."""
    with pytest.raises(InvalidCommand, match="timout"):
        await run(["true"], timout=5)
