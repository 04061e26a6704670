"""Replay: both logs merged, in order of arrival, with times and gaps."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.streams.log import LogFile
from procession.streams.log_piece import Piece
from procession.streams.note import ArrivalNote
from procession.streams.replay import TimedPiece, replay

MIB = 1 << 20


def test_streams_are_merged_in_order_of_arrival(tmp_path: Path):
    """What was noted first comes first, with its time; what nobody noted comes last, without one."""
    (tmp_path / "out").write_bytes(b"one three rest")
    (tmp_path / "err").write_bytes(b"two ")
    with ArrivalNote(str(tmp_path / "note")) as note:
        note.record(1, 4, time_ns=10)
        note.record(2, 4, time_ns=20)
        note.record(1, 10, time_ns=30)

    pieces = list(replay({1: str(tmp_path / "out"), 2: str(tmp_path / "err")}, str(tmp_path / "note")))

    assert [
        TimedPiece(1, Piece(0, b"one "), 10),
        TimedPiece(2, Piece(0, b"two "), 20),
        TimedPiece(1, Piece(4, b"three "), 30),
        TimedPiece(1, Piece(10, b"rest"), None),
    ] == pieces


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(min_size=1, max_size=30)), max_size=30))
def test_any_writes_are_replayed_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[int, bytes]]
):
    """Noted after each write, the replay is the list of writes, byte for byte and in order."""
    folder = tmp_path_factory.mktemp("replay")
    ends = {1: 0, 2: 0}
    with ArrivalNote(str(folder / "note")) as note:
        for number, (stream, data) in enumerate(writes):
            with (folder / str(stream)).open("ab") as file:
                file.write(data)
            ends[stream] += len(data)
            note.record(stream, ends[stream], time_ns=number)

    pieces = replay({1: str(folder / "1"), 2: str(folder / "2")}, str(folder / "note"))

    assert writes == [(each.stream, each.piece.data) for each in pieces]


def test_what_was_cut_is_a_gap(tmp_path: Path):
    """A bounded log replays as head, gap and tail; the notes about what is gone still tell its times."""
    out, note_path = str(tmp_path / "out"), str(tmp_path / "note")
    with LogFile(out, MIB) as log, ArrivalNote(note_path) as note:
        for number in range(4):
            os.write(log.fd, b"x" * MIB)
            note.record(1, log.size(), time_ns=number)
            log.enforce(lambda cut: note.record_cut(1, cut))
        cut = log.cuts[0]

    pieces = list(replay({1: out}, note_path))

    assert sum(len(each.piece.data) + each.piece.gap_bytes for each in pieces) == 4 * MIB
    assert cut.end - cut.start == sum(each.piece.gap_bytes for each in pieces)
    assert {b"x"[0]} == set(b"".join(each.piece.data for each in pieces))
    assert sorted({each.time_ns for each in pieces if each.time_ns is not None}) == [0, 1, 2, 3]


def test_a_log_that_is_gone_is_empty(tmp_path: Path):
    """A note without its log, and a log without a note, both replay as what there is."""
    (tmp_path / "err").write_bytes(b"alone")

    pieces = replay({1: str(tmp_path / "out"), 2: str(tmp_path / "err")}, str(tmp_path / "note"))

    assert [TimedPiece(2, Piece(0, b"alone"), None)] == list(pieces)
