"""Logs: the child writes them itself, we only follow. Nothing that goes wrong with a log stops a child."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from procession import MERGED, PIPE, Log, StdioUnavailable, run, shell, spawn
from procession.model.event import LogDiskFull, LogDiskRecovered
from procession.streams.note import Arrival, NoteReader
from procession.streams.replay import replay

MIB = 1 << 20
QUICK = (sys.executable, "-I", "-S")
PERIOD = bytes(range(251))


@pytest.fixture
def tiny_disk(tmp_path) -> Iterator[Path]:
    """A file system of 1 MiB of its own."""
    path = tmp_path / "disk"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path], check=True)
    yield path
    subprocess.run(["umount", path], check=True)


async def test_the_child_writes_itself(tmp_path):
    """The child's descriptor is the log: append-only, mode 0600, and no byte of it passes through us."""
    path = tmp_path / "log"
    script = shell("readlink /proc/self/fd/1; grep flags /proc/$$/fdinfo/1")
    async with spawn(script, stdout=Log(str(path))) as process:
        outcome = await process.wait()
        target, flags = (await process.stdout.read()).decode().splitlines()

    assert outcome.ok
    assert target == str(path)
    assert int(flags.split()[1], 8) & os.O_APPEND
    assert path.stat().st_mode & 0o777 == 0o600


async def test_nobody_has_to_read(tmp_path):
    """A child that logs never waits for a reader."""
    async with asyncio.timeout(10):
        async with spawn(["head", "-c", "20000000", "/dev/zero"], stdout=Log(str(tmp_path / "log"))) as process:
            assert (await process.wait()).ok

    assert (tmp_path / "log").stat().st_size == 20_000_000


async def test_following_while_it_is_written(tmp_path):
    """Chunks and lines of a log come while it grows, to its end; any number may read, again and again."""
    script = shell("for i in $(seq 20); do echo $i; sleep 0.005; done")
    expected = [str(number) for number in range(1, 21)]
    async with spawn(script, stdout=Log(str(tmp_path / "log"))) as process:

        async def read_lines():
            return [line async for line in process.stdout.lines()]

        at_once = await asyncio.gather(*(read_lines() for _ in range(5)))
        again = await read_lines()
    after = await process.stdout.read()

    assert at_once == [expected] * 5
    assert again == expected
    assert after.split() == [each.encode() for each in expected]


async def test_a_line_comes_when_it_is_written(tmp_path):
    """A line in a log reaches who follows it in well under a second, without polling."""
    script = shell("sleep 0.1; date +%s.%N; sleep 30")
    async with spawn(script, stdout=Log(str(tmp_path / "log")), grace=1) as process:
        async with contextlib.aclosing(process.stdout.lines()) as lines:
            written = float(await anext(lines))

        assert time.time() - written < 0.2


async def test_following_from_any_offset(tmp_path, children):
    """Whoever was at an offset goes on from there, alive or over; the pieces join to the file."""
    size = 500_000
    log = Log(str(tmp_path / "log"))
    async with spawn([*QUICK, children / "prints_exactly.py", str(size)], stdout=log) as process:
        whole = (PERIOD * (size // 251 + 1))[:size]
        for offset in (0, 1, 4096, 99_999, size - 1, size):
            got, at = b"", offset
            async with contextlib.aclosing(process.stdout.follow(offset)) as pieces:
                async for piece in pieces:
                    assert (piece.offset, piece.gap_bytes) == (at, 0)
                    got, at = got + piece.data, piece.end
            assert got == whole[offset:]


async def test_an_existing_log_is_continued(tmp_path):
    """A second run appends; its own output begins where it began, the older part is there by offset."""
    log = Log(str(tmp_path / "log"))
    async with spawn(["echo", "first"], stdout=log) as process:
        await process.wait()
    async with spawn(["echo", "second"], stdout=log) as process:
        await process.wait()

        assert process.stdout.start_offset == 6
        assert await process.stdout.read() == b"second\n"
        pieces = [piece async for piece in process.stdout.follow(0)]

    assert b"".join(piece.data for piece in pieces) == b"first\nsecond\n"


async def test_lines_of_both_logs_at_once(tmp_path):
    """Both streams may have logs of their own and be read as one."""
    async with spawn(
        shell("echo a; echo b >&2; sleep 0.02; echo c"),
        stdout=Log(str(tmp_path / "out")),
        stderr=Log(str(tmp_path / "err")),
    ) as process:
        lines = sorted([(line.stream, line.text) async for line in process.lines()])

    assert lines == [("stderr", "b"), ("stdout", "a"), ("stdout", "c")]


async def test_a_log_beside_a_pipe(tmp_path):
    """A log and a pipe together: both are read as one, and breaking off loses nothing of the pipe."""
    async with spawn(shell("echo log; seq 20000 >&2"), stdout=Log(str(tmp_path / "out"))) as process:
        read = 0
        async with contextlib.aclosing(process.lines()) as lines:
            async for line in lines:
                read += line.stream == "stderr"
                if read == 100:
                    break
        rest = (await process.stderr.read()).split()

    assert rest == [str(number).encode() for number in range(101, 20_001)]


async def test_arrivals_are_noted_and_replayed_merged(tmp_path):
    """The note beside the log gives each piece its time, and both streams in their order of arrival."""
    out, err = str(tmp_path / "out"), str(tmp_path / "err")
    script = shell("for i in 1 2 3; do echo o$i; sleep 0.05; echo e$i >&2; sleep 0.05; done")
    before = time.time_ns()
    async with spawn(script, stdout=Log(out), stderr=Log(err)) as process:
        await process.wait()
    pieces = list(replay({1: out, 2: err}, out + ".arrivals"))

    assert b"".join(each.piece.data for each in pieces).split() == b"o1 e1 o2 e2 o3 e3".split()
    times = [each.time_ns for each in pieces]
    assert times == sorted(times)
    assert before <= times[0] <= times[-1] <= time.time_ns()
    assert times[-1] - times[0] > 200_000_000


async def test_everything_is_noted_when_the_block_is_left(tmp_path):
    """Leaving the block waits for the note: its last arrival is the end of the log, every time."""
    for number in range(10):
        path = str(tmp_path / f"log{number}")
        async with spawn(["head", "-c", "100000", "/dev/zero"], stdout=Log(path)):
            pass
        with NoteReader(path + ".arrivals") as reader:
            arrivals = [record for record in reader.read() if isinstance(record, Arrival)]
        assert arrivals[-1].end_offset == os.stat(path).st_size if arrivals else os.stat(path).st_size == 0


async def test_a_limit_keeps_head_and_tail(tmp_path, children):
    """A bounded log keeps its beginning and its end on disk; the offsets stay, the gap is said, never zeros."""
    size, limit = 20 * MIB + 7, MIB
    path = tmp_path / "log"
    log = Log(str(path), limit_bytes=limit)
    async with spawn([*QUICK, children / "prints_exactly.py", str(size)], stdout=log) as process:
        assert (await process.wait()).ok
        pieces = [piece async for piece in process.stdout.follow(0)]
    whole = PERIOD * (size // 251 + 1)

    assert path.stat().st_size == size
    assert path.stat().st_blocks * 512 <= limit + limit // 4
    assert sum(piece.gap_bytes for piece in pieces) > size - limit - limit // 4 - 1
    for piece in pieces:
        assert piece.data == whole[piece.offset : piece.offset + len(piece.data)]
    assert (pieces[0].offset, pieces[0].gap_bytes, pieces[-1].end) == (0, 0, size)


async def test_a_limit_while_it_is_followed(tmp_path, children):
    """Who follows a bounded log while it is written gets every byte or a gap, in order, to the end."""
    size = 20 * MIB
    log = Log(str(tmp_path / "log"), limit_bytes=MIB)
    whole = PERIOD * (size // 251 + 1)
    async with spawn([*QUICK, children / "prints_exactly.py", str(size)], stdout=log) as process:
        at = 0
        async for piece in process.stdout.follow(0):
            assert piece.offset == at
            assert piece.data == whole[at : at + len(piece.data)]
            at = piece.end

    assert at == size


async def test_a_log_that_is_deleted_meanwhile(tmp_path, children):
    """A log deleted under a child does not stop it; who follows it already gets all of it."""
    size, path = 300_000, tmp_path / "log"
    script = shell(f"echo ready; while [ -e {path} ]; do :; done; head -c {size} /dev/zero; exit 3")
    async with asyncio.timeout(10), spawn(script, stdout=Log(str(path))) as process:
        got = b""
        async for chunk in process.stdout:
            if not got:
                path.unlink()
            got += chunk
        outcome = await process.wait()

    assert outcome.code == 3
    assert len(got) == size + len("ready\n")
    assert not path.exists()


async def test_following_a_log_that_is_gone(tmp_path):
    """Whoever begins to follow a log after it was deleted gets nothing, and comes to the end with the child."""
    path = tmp_path / "log"
    async with asyncio.timeout(10), spawn(shell("echo a; sleep 0.2; echo b"), stdout=Log(str(path))) as process:
        path.unlink()
        assert await process.stdout.read() == b""
        assert (await process.wait()).ok


async def test_a_log_that_is_moved_meanwhile(tmp_path):
    """A log that is moved away goes on under its new name, and so does who follows it."""
    path, moved = tmp_path / "log", tmp_path / "log.1"
    script = shell(f"echo before; while [ -e {path} ]; do :; done; echo after")
    async with asyncio.timeout(10), spawn(script, stdout=Log(str(path))) as process:
        lines = []
        async for line in process.stdout.lines():
            if not lines:
                path.rename(moved)
            lines.append(line)

    assert lines == ["before", "after"]
    assert moved.read_text() == "before\nafter\n"


async def test_a_log_that_is_truncated_meanwhile(tmp_path, wait_until):
    """A log that somebody empties does not stop the child or whoever waits for it."""
    path = tmp_path / "log"
    script = shell("seq 1000; sleep 0.2; echo last")
    async with asyncio.timeout(10), spawn(script, stdout=Log(str(path))) as process:
        await wait_until(lambda: path.stat().st_size > 3000)
        os.truncate(path, 0)
        assert (await process.wait()).ok

    assert path.read_text() == "last\n"


@pytest.mark.root
async def test_a_full_disk(tiny_disk, children):
    """A full disk is told as an event; the child gets the error, never hangs, and ends as it likes."""
    events = []
    log = Log(str(tiny_disk / "log"))
    program = [*QUICK, children / "writes_until_full.py"]
    async with asyncio.timeout(20), spawn(program, stdout=log, on_event=events.append) as process:
        outcome = await process.wait()
        said = await process.stderr.read()
        logged = sum([len(chunk) async for chunk in process.stdout])
    told = [event for event in events if isinstance(event, LogDiskFull)]

    assert outcome.ok
    assert said == b"ENOSPC 1"
    assert logged == (tiny_disk / "log").stat().st_size > MIB // 2
    assert [event.path for event in told] == [log.path]
    assert told[0].free_bytes < 65536


@pytest.mark.root
async def test_a_full_disk_that_recovers(tiny_disk):
    """Room that comes back is told as well, and the log goes on."""
    events, recovered = [], asyncio.Event()

    def hear(event):
        events.append(event)
        if isinstance(event, LogDiskFull):
            (tiny_disk / "filler").unlink()
        if isinstance(event, LogDiskRecovered):
            recovered.set()

    (tiny_disk / "filler").write_bytes(bytes(600_000))
    script = shell(f"while [ -e {tiny_disk}/filler ]; do head -c 65536 /dev/zero; done 2>&-; read _; echo end")
    log = Log(str(tiny_disk / "log"))
    async with asyncio.timeout(20), spawn(script, stdin=PIPE, stdout=log, on_event=hear) as process:
        await recovered.wait()
        await process.stdin.write("\n")
        assert (await process.wait()).ok

    assert (tiny_disk / "log").read_bytes().endswith(b"end\n")
    assert [type(event) for event in events if "Log" in type(event).__name__] == [LogDiskFull, LogDiskRecovered]


@pytest.mark.root
async def test_a_limit_keeps_the_disk_from_filling(tiny_disk):
    """A bounded log of any length fits on a small disk."""
    events = []
    log = Log(str(tiny_disk / "log"), limit_bytes=128 * 1024)
    script = "import os, time\nfor _ in range(200): os.write(1, bytes(32768)); time.sleep(0.001)"
    async with spawn([*QUICK, "-c", script], stdout=log, on_event=events.append) as process:
        assert (await process.wait()).ok

    assert (tiny_disk / "log").stat().st_size == 200 * 32768
    assert not any(isinstance(event, LogDiskFull) for event in events)


@pytest.mark.parametrize("kind", ["link", "directory", "fifo", "missing directory"])
async def test_what_cannot_be_a_log(tmp_path, kind):
    """A symbolic link, a directory, a pipe or a missing directory is refused by name, before anything starts."""
    path = tmp_path / "log"
    if kind == "link":
        path.symlink_to(tmp_path / "target")
    elif kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path = tmp_path / "no" / "log"
    with pytest.raises(StdioUnavailable) as raised:
        await run(["true"], stdout=Log(str(path)))

    assert str(path) in str(raised.value)
    assert not (tmp_path / "target").exists()


async def test_a_run_into_a_log(tmp_path):
    """`run` with a log gives no text for it: that stands in the file."""
    result = await run(shell("echo out; echo err >&2"), stdout=Log(str(tmp_path / "log")), stderr=MERGED)

    assert (result.ok, result.stdout, result.stderr) == (True, None, None)
    assert (tmp_path / "log").read_text() == "out\nerr\n"


async def test_many_followers_share_one_watch(tmp_path):
    """Two hundred followers of live logs need one inotify instance, not two hundred."""
    async with spawn(shell("echo a; sleep 0.3; echo b"), stdout=Log(str(tmp_path / "log"))) as process:

        async def read():
            return await process.stdout.read()

        readers = [asyncio.ensure_future(read()) for _ in range(200)]
        await asyncio.sleep(0.1)
        instances = [fd for fd in os.listdir("/proc/self/fd") if "inotify" in _target(fd)]

        assert len(instances) == 1
        assert set(await asyncio.gather(*readers)) == {b"a\nb\n"}


def _target(fd: str) -> str:
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/self/fd/{fd}")
    return ""
