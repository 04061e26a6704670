"""The arrival note: small, checked, tolerant."""

import errno
import os
import resource
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.streams.log import Cut
from procession.streams.note import RECORD_BYTES, Arrival, ArrivalNote, NotedCut, NotedCuts, NoteReader


def records(path: Path) -> list[Arrival | NotedCut]:
    """All that can be read."""
    with NoteReader(str(path)) as reader:
        return list(reader.read())


def write_three(path: Path) -> None:
    """Three records about stream 1."""
    with ArrivalNote(str(path)) as note:
        for number in range(3):
            note.record(1, number, time_ns=number)


def test_what_was_noted_is_read(tmp_path: Path):
    """Times, streams, offsets and cuts come back in order, up to the largest numbers."""
    with ArrivalNote(str(tmp_path / "note")) as note:
        note.record(1, 10, time_ns=5)
        note.record_cut(2, Cut(4096, 1 << 62))
        note.record(65535, 1 << 63, time_ns=(1 << 64) - 1)

    expected = [Arrival(5, 10, 1), NotedCut(2, Cut(4096, 1 << 62)), Arrival((1 << 64) - 1, 1 << 63, 65535)]
    assert expected == records(tmp_path / "note")


def test_no_note_is_an_empty_note(tmp_path: Path):
    """A note that does not exist yet has no records, and is read once it does."""
    with NoteReader(str(tmp_path / "note")) as reader:
        assert list(reader.read()) == []
        write_three(tmp_path / "note")
        assert len(list(reader.read())) == 3
        assert list(reader.read()) == []


@pytest.mark.parametrize("torn", range(1, RECORD_BYTES))
def test_a_torn_end_costs_only_itself(tmp_path: Path, torn: int):
    """Whatever part of the last record was written: the others are read, and writing goes on after them."""
    write_three(tmp_path / "note")
    with (tmp_path / "note").open("r+b") as file:
        file.truncate(3 * RECORD_BYTES - torn)
    assert len(records(tmp_path / "note")) == 2

    with ArrivalNote(str(tmp_path / "note")) as note:
        note.record(1, 7, time_ns=7)

    assert [Arrival(0, 0, 1), Arrival(1, 1, 1), Arrival(7, 7, 1)] == records(tmp_path / "note")


@given(place=st.integers(0, RECORD_BYTES - 1), flipped=st.integers(1, 255))
def test_a_damaged_record_costs_only_itself(tmp_path_factory: pytest.TempPathFactory, place: int, flipped: int):
    """Any changed byte is noticed; the records around it are read."""
    path = tmp_path_factory.mktemp("note") / "note"
    write_three(path)
    data = bytearray(path.read_bytes())
    data[RECORD_BYTES + place] ^= flipped
    path.write_bytes(data)

    assert [Arrival(0, 0, 1), Arrival(2, 2, 1)] == records(path)


def test_a_hole_in_the_note_is_passed_over(tmp_path: Path):
    """Zeros are not a record."""
    (tmp_path / "note").write_bytes(bytes(RECORD_BYTES * 2))
    with ArrivalNote(str(tmp_path / "note")) as note:
        note.record(1, 1, time_ns=1)

    assert [Arrival(1, 1, 1)] == records(tmp_path / "note")


def test_cuts_are_kept_up_to_date_while_the_note_grows(tmp_path: Path):
    """A reader in another process sees each cut as soon as it is noted, merged, by stream."""
    with ArrivalNote(str(tmp_path / "note")) as note, NotedCuts(str(tmp_path / "note")) as cuts:
        assert cuts.of(1) == []
        note.record_cut(1, Cut(10, 20))
        note.record_cut(2, Cut(1, 2))
        assert [Cut(10, 20)] == cuts.of(1)
        note.record_cut(1, Cut(20, 30))
        assert [Cut(10, 30)] == cuts.of(1)
        assert [Cut(1, 2)] == cuts.of(2)


def test_a_note_is_bounded_and_keeps_the_cuts(tmp_path: Path):
    """The middle of a long note goes, its beginning and end stay, and so do all cuts, also for the next writer."""
    limit, count = 65536, 20_000
    with ArrivalNote(str(tmp_path / "note"), limit) as note:
        note.record(1, 1, time_ns=1)
        note.record_cut(2, Cut(10, 20))
        for number in range(2, count):
            note.record(1, number, time_ns=number)
    if not note.is_bounded:
        pytest.skip("the filesystem of the tests cannot punch holes")

    with ArrivalNote(str(tmp_path / "note"), limit) as note:
        for number in range(count, 2 * count):
            note.record(1, number, time_ns=number)
    ends = [record.end_offset for record in records(tmp_path / "note") if isinstance(record, Arrival)]

    assert (tmp_path / "note").stat().st_blocks * 512 <= limit * 9 // 8 + 16384
    assert (1, 2 * count - 1) == (ends[0], ends[-1])
    assert sorted(ends) == ends
    with NotedCuts(str(tmp_path / "note")) as cuts:
        assert [Cut(10, 20)] == cuts.of(2)


def test_a_note_is_made_when_there_is_something_to_note(tmp_path: Path):
    """Until then there is no file and no descriptor; after closing, the next record goes on."""
    path = tmp_path / "note"
    with ArrivalNote(str(path)) as note:
        assert not path.exists()
        note.record(1, 1, time_ns=1)
        note.close()
        note.record(1, 2, time_ns=2)

    assert [Arrival(1, 1, 1), Arrival(2, 2, 1)] == records(path)


def test_a_note_that_was_deleted_meanwhile_begins_with_the_cuts(tmp_path: Path):
    """Times are lost with it, but no reader takes a hole for zeros that somebody wrote."""
    with ArrivalNote(str(tmp_path / "note")) as note:
        note.record(1, 1, time_ns=1)
        note.record_cut(1, Cut(10, 20))
        note.close()
        (tmp_path / "note").unlink()
        note.record(1, 30, time_ns=3)

    assert [NotedCut(1, Cut(10, 20)), Arrival(3, 30, 1)] == records(tmp_path / "note")


def test_a_note_that_cannot_be_opened_is_an_error_of_the_system(tmp_path: Path):
    """Raised by the first record, as for a disk that fails, and tried again by the next."""
    (tmp_path / "note").symlink_to(tmp_path / "other")
    with ArrivalNote(str(tmp_path / "note")) as note:
        with pytest.raises(OSError, match=os.strerror(errno.ELOOP)):
            note.record(1, 1, time_ns=1)
        (tmp_path / "note").unlink()
        note.record(1, 2, time_ns=2)

    assert [Arrival(2, 2, 1)] == records(tmp_path / "note")


def test_a_write_that_fails_leaves_the_note_as_it_was(tmp_path: Path):
    """No room inside a record: an OSError, whole records only, and the next try goes on well."""
    note = ArrivalNote(str(tmp_path / "note"))
    note.record(1, 1, time_ns=1)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (RECORD_BYTES + 5, limits[1]))
    try:
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            note.record(1, 2, time_ns=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    note.record(1, 3, time_ns=3)
    note.close()

    assert [Arrival(1, 1, 1), Arrival(3, 3, 1)] == records(tmp_path / "note")
