"""Following several logs together, and where to start in them. More of it, over HTTP: tests/api/test_logs.py."""

import asyncio
import contextlib

import pytest

from procession.streams.log_start import offsets_of_last_lines, offsets_since
from procession.streams.note import ArrivalNote
from procession.streams.together import follow_together


@pytest.fixture
def paths(tmp_path):
    """Two logs that are not there yet."""
    return {1: str(tmp_path / "out"), 2: str(tmp_path / "err")}


def append(path, data):
    """What a child would do."""
    with open(path, "ab") as file:
        file.write(data)


async def test_no_byte_is_lost_or_doubled(paths, tmp_path):
    """While two writers write and the note is being written, every byte of each stream comes once, in its order."""
    over, note_path = asyncio.Event(), str(tmp_path / "note")
    written = {1: b"", 2: b""}

    async def write():
        with ArrivalNote(note_path) as note:
            for number in range(300):
                stream = 1 + number % 3 // 2
                piece = b"%d\n" % number
                append(paths[stream], piece)
                written[stream] += piece
                if number % 2:
                    note.record(stream, len(written[stream]))
                await asyncio.sleep(0)
        over.set()

    writing = asyncio.ensure_future(write())
    got = {1: b"", 2: b""}
    async with contextlib.aclosing(follow_together(paths, note_path, {}, done=over)) as pieces:
        async for each in pieces:
            assert each.piece.offset == len(got[each.stream])
            got[each.stream] += each.piece.data
    await writing

    assert got == written


async def test_without_a_note(paths):
    """Without a note the streams come one after the other, without times."""
    append(paths[1], b"a")
    append(paths[2], b"b")
    over = asyncio.Event()
    over.set()
    async with contextlib.aclosing(follow_together(paths, None, {2: 0}, done=over)) as pieces:
        found = [(each.stream, each.piece.data, each.time_ns) async for each in pieces]

    assert found == [(1, b"a", None), (2, b"b", None)]


async def test_starts(paths):
    """Where there is no log and no note, everything starts at 0."""
    assert await offsets_of_last_lines(paths, None, 5) == {1: 0, 2: 0}
    assert await offsets_since(paths, None, 5.0) == {1: 0, 2: 0}
