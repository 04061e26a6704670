"""Both outputs in one: the order of the writes is kept exactly, because there is but one pipe."""

import sys

import pytest

from procession import MERGED, NULL, PTY, InvalidCommand, Log, StreamUnavailable, run, spawn

QUICK = (sys.executable, "-I", "-S")
COUNT = 5000
ALTERNATING = [text for number in range(COUNT) for text in (f"out {number}", f"err {number}")]


async def test_merged_output_keeps_the_order(children):
    """C028: merged, alternating writes come in exactly their order."""
    result = await run([*QUICK, children / "alternates.py", str(COUNT)], stderr=MERGED)

    assert result.stdout.splitlines() == ALTERNATING
    assert result.stderr is None


async def test_merged_lines_keep_the_order(children):
    """C028: the same line by line, and for both streams at once; stderr is then not a stream of its own."""
    program = [*QUICK, children / "alternates.py", str(COUNT)]
    async with spawn(program, stderr=MERGED) as process:
        lines = [line async for line in process.stdout.lines()]
        with pytest.raises(StreamUnavailable, match="stderr"):
            _ = process.stderr
    async with spawn(program, stderr=MERGED) as process:
        both = [(line.stream, line.text) async for line in process.lines()]

    assert lines == ALTERNATING
    assert both == [("stdout", text) for text in ALTERNATING]


async def test_separate_streams_are_exact(children):
    """C028: separate, each stream is exact and in its own order; nothing is said about the order between them."""
    program = [*QUICK, children / "alternates.py", str(COUNT)]
    result = await run(program)
    async with spawn(program) as process:
        lines = [line async for line in process.lines()]

    assert result.stdout.splitlines() == ALTERNATING[::2]
    assert result.stderr.splitlines() == ALTERNATING[1::2]
    assert [line.text for line in lines if line.stream == "stdout"] == ALTERNATING[::2]
    assert [line.text for line in lines if line.stream == "stderr"] == ALTERNATING[1::2]


@pytest.mark.parametrize("kind", ["log", "pty"])
async def test_merged_into_something_else(children, tmp_path, kind):
    """C028: merging into a log or a terminal keeps the order just so."""
    path = tmp_path / "log"
    target = Log(str(path)) if kind == "log" else PTY
    async with spawn([*QUICK, children / "alternates.py", "500"], stdout=target, stderr=MERGED) as process:
        got = await process.stdout.read()

    assert got.decode().splitlines() == ALTERNATING[:1000]


async def test_one_log_for_both(children, tmp_path):
    """C028: naming the same log for both is merging them: one file, in order, nothing overwritten."""
    log = Log(str(tmp_path / "log"))
    async with spawn([*QUICK, children / "alternates.py", "500"], stdout=log, stderr=log) as process:
        assert (await process.wait()).ok

    assert (tmp_path / "log").read_text().splitlines() == ALTERNATING[:1000]


async def test_merged_into_nothing():
    """Merging into a stream that goes nowhere goes nowhere."""
    result = await run(["sh", "-c", "echo out; echo err >&2"], stdout=NULL, stderr=MERGED)

    assert (result.ok, result.stdout, result.stderr) == (True, None, None)


@pytest.mark.parametrize("stream", ["stdin", "stdout"])
async def test_only_stderr_can_be_merged(stream):
    """Merging anything but stderr is refused before anything starts."""
    with pytest.raises(InvalidCommand, match=stream):
        await run(["true"], **{stream: MERGED})
