"""Lines as they come out of a running process: characters, carriage returns, prompts, and what is too long."""

import asyncio
import contextlib
import sys
import time

import pytest

from procession import PIPE, PartialBytes, PartialText, shell, spawn
from procession.streams.lines import shown

MIB = 1 << 20
QUICK = (sys.executable, "-I", "-S")
EMOJI = "\N{GRINNING FACE}"


async def test_a_character_byte_by_byte(children):
    """C024: an emoji that comes byte by byte is given once and whole, what is invalid follows the policy."""
    written = EMOJI.encode() + b"\xff\xfe\xe2\x82" + b"\n" + EMOJI.encode()[:3]
    program = [*QUICK, children / "dribbles.py", written.hex(), "0.01"]
    async with spawn(program) as process:
        lines = [line async for line in process.stdout.lines()]
    async with spawn(program) as process:
        raw = [chunk async for chunk in process.stdout]

    assert lines == [f"{EMOJI}���", "�"]
    assert [type(line) for line in lines] == [str, PartialText]
    assert b"".join(raw) == written
    assert len(raw) > 1


async def test_both_streams_byte_by_byte(children):
    """C024: the same for the lines of both streams at once: characters of one are not cut by the other."""
    written = (EMOJI * 5 + "\n").encode()
    script = shell(f"{sys.executable} -IS {children}/dribbles.py {written.hex()} 0.002 | tee /dev/stderr")
    async with spawn(script) as process:
        lines = [(line.stream, line.text, line.partial) async for line in process.lines()]

    assert sorted(lines) == [("stderr", EMOJI * 5, False), ("stdout", EMOJI * 5, False)]


async def test_strict_decoding_raises_where_it_is_awaited():
    """C024: with ``errors="strict"`` invalid bytes raise to the reader, who may read on as bytes; nothing hangs."""
    async with asyncio.timeout(10), spawn(shell(r"printf 'good\nbad\377\nmore\n'")) as process:
        with pytest.raises(UnicodeDecodeError):
            await _exhaust(process.stdout.lines(errors="strict"))

        assert (await process.wait()).ok


async def test_ten_mebibytes_without_a_newline():
    """C025: a line over the limit comes in marked pieces of that size, the next line is intact, nothing is lost."""
    limit = 65536
    script = shell("head -c 10485760 /dev/zero | tr '\\0' x; printf '\\nok\\n'")
    async with spawn(script, line_limit_bytes=limit) as process:
        pieces = [line async for line in process.stdout.lines()]
    *long, last = pieces

    assert last == "ok"
    assert type(last) is str
    assert all(isinstance(piece, PartialText) and len(piece) <= limit for piece in long)
    assert [piece.ends_line for piece in long] == [False] * (len(long) - 1) + [True]
    assert "".join(long) == "x" * (10 * MIB)


async def test_pieces_in_batches_and_of_both_streams():
    """C025: the same in batches of bytes, and among the lines of both streams."""
    script = shell("printf 'abcdefgh\\nij\\nklmno'")
    async with spawn(script, line_limit_bytes=3) as process:
        batches = [line async for batch in process.stdout.line_batches() for line in batch]
    async with spawn(script, line_limit_bytes=3) as process:
        lines = [(line.text, line.partial) async for line in process.lines()]

    assert batches == [b"abc", b"def", b"gh", b"ij", b"klm", b"no"]
    assert [isinstance(piece, PartialBytes) for piece in batches] == [True, True, True, False, True, True]
    assert lines == [("abc", True), ("def", True), ("gh", True), ("ij", False), ("klm", True), ("no", True)]


@pytest.mark.parametrize(
    ("written", "lines", "partial"),
    [
        (r"a\nb\n", ["a", "b"], False),
        (r"a\nb", ["a", "b"], True),
        (r"\n\n", ["", ""], False),
        (r"", [], False),
        (r"a", ["a"], True),
        (r"a\r\nb\r\n", ["a\r", "b\r"], False),
        (r"10%%\r20%%\r30%%\n", ["10%\r20%\r30%"], False),
        (r"a\0b\n", ["a\0b"], False),
        (r"a\x0bb\x0cc\xc2\x85d\n", ["a\x0bb\x0cc\x85d"], False),
    ],
)
async def test_what_a_line_is(written, lines, partial):
    r"""C026: ``\n`` alone ends a line; ``\r`` stays; a tail without a newline comes, marked; nothing else is added."""
    async with spawn([*QUICK, "-c", f"import os; os.write(1, b'{written}'.replace(b'%%', b'%'))"]) as process:
        got = [line async for line in process.stdout.lines()]

    assert got == lines
    assert [isinstance(line, PartialText) for line in got[-1:]] == [partial] * len(got[-1:])


async def test_what_a_progress_bar_leaves():
    r"""C026: ``shown`` gives what a terminal would leave of a line; the bytes keep every ``\r`` and colour."""
    async with spawn(["printf", r"10%%\r20%%\r30%%\n\033[31mred\033[0m\n"]) as process:
        raw = await process.stdout.read()

    assert raw == b"10%\r20%\r30%\n\x1b[31mred\x1b[0m\n"
    assert [shown(line) for line in raw.decode().split("\n")] == ["30%", "red", ""]


async def test_a_prompt_comes_at_once():
    """C026: a prompt without a newline reaches whoever iterates within 200 ms."""
    async with spawn(shell("sleep 0.1; printf 'Password: '; date +%s.%N >&2; sleep 30"), grace=1) as process:
        async for chunk in process.stdout:
            came = time.time()
            assert chunk == b"Password: "
            break
        async for chunk in process.stderr:
            assert came - float(chunk) < 0.2
            break


async def test_a_line_comes_when_it_is_written():
    """A line is given when it was written, not when a block is full."""
    async with spawn(["cat"], stdin=PIPE) as process:
        async with contextlib.aclosing(process.stdout.lines()) as lines:
            for number in range(20):
                await process.stdin.write(f"{number}\n")
                async with asyncio.timeout(2):
                    assert await anext(lines) == str(number)
        await process.stdin.close()


async def test_lines_have_their_stream_and_time():
    """The lines of both streams carry stream and time; the order within one stream is that of its writes."""
    before = time.time()
    async with spawn(shell("for i in 1 2 3; do echo o$i; echo e$i >&2; sleep 0.02; done")) as process:
        lines = [line async for line in process.lines()]

    assert [line.text for line in lines if line.stream == "stdout"] == ["o1", "o2", "o3"]
    assert [line.text for line in lines if line.stream == "stderr"] == ["e1", "e2", "e3"]
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert before <= lines[0].at <= lines[-1].at <= time.time()
    assert lines[-1].at - lines[0].at >= 0.03


@pytest.mark.parametrize("how", ["lines", "line_batches", "all lines"])
async def test_breaking_off_and_reading_on(how):
    """Whoever breaks off at a line leaves the next one to the next reader: nothing is lost or given twice."""
    expected = "".join(f"{number}\n" for number in range(1, 30_001)) + "tail"
    async with spawn(shell("seq 30000; printf tail")) as process:
        got, reader = "", 0
        while len(got) < len(expected):
            reader += 1
            source = {
                "lines": process.stdout.lines,
                "line_batches": process.stdout.line_batches,
                "all lines": process.lines,
            }[how]()
            wanted = 1 if how == "line_batches" else reader * 7
            async with contextlib.aclosing(source) as items:
                async for item in items:
                    batch = item if isinstance(item, list) else [getattr(item, "text", item)]
                    for line in batch:
                        text = line.decode() if isinstance(line, bytes) else line
                        got += text if len(got) + len(text) == len(expected) else f"{text}\n"
                    wanted -= 1
                    if not wanted:
                        break

        assert got == expected
        assert reader > 1
        assert await process.stdout.read() == b""


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16-le"])
async def test_breaking_off_lines_and_reading_bytes(encoding):
    """What the reader of lines left is there to the byte for whoever reads bytes, in any encoding."""
    written = "first\nzwölf\ndrei\nEnde".encode(encoding)
    async with spawn([*QUICK, "-c", f"import os; os.write(1, {written!r})"]) as process:
        async with contextlib.aclosing(process.stdout.lines(encoding)) as lines:
            assert await anext(lines) == "first"
            assert await anext(lines) == "zwölf"

        assert await process.stdout.read() == "drei\nEnde".encode(encoding)


async def test_breaking_off_among_pieces():
    """Breaking off within a line over the limit loses nothing of it either."""
    async with spawn(shell("printf 'abcdefgh\\nij\\nkl'"), line_limit_bytes=3) as process:
        async with contextlib.aclosing(process.stdout.lines()) as lines:
            assert await anext(lines) == "abc"

        assert await process.stdout.read() == b"defgh\nij\nkl"


async def test_a_cancelled_reader_of_lines_gives_back_the_unfinished_one():
    """A reader that gives up on an unfinished line leaves the prompt to the next, invalid bytes included."""
    async with spawn(shell(r"printf 'done\nPass\377word: '; sleep 0.3; echo late")) as process:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_exhaust(process.stdout.lines()), 0.1)

        assert await process.stdout.read() == b"Pass\xffword: late\n"


async def test_the_tail_of_a_killed_child():
    """What a child had written of a line when it was killed is given, marked as a piece."""
    async with spawn(shell("printf 'half a l'; kill -9 $$")) as process:
        lines = [line async for line in process.stdout.lines()]

    assert lines == ["half a l"]
    assert isinstance(lines[0], PartialText)


async def _exhaust(source):
    async with contextlib.aclosing(source) as items:
        async for _ in items:
            pass
