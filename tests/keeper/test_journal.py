"""The journal by itself: it does not grow for ever, and comes back as it was."""

import os

from procession.keeper import journal as journals
from procession.wire.exits import RECORD_BYTES, Exit


def test_a_journal_that_is_never_empty_does_not_grow_for_ever(tmp_path):
    """With one exit always open it is written anew now and then, and a new keeper reads what is open."""
    path = os.fspath(tmp_path / "exits.journal")
    journal = journals.Journal(path, lambda fd: fd)
    count = 3 * journals._COMPACT_BYTES // RECORD_BYTES
    try:
        for _ in range(count):
            journal.add([exit_of(journal.next_seq())])
            journal.ack(max(journal.unacked) - 1)
        assert os.stat(path).st_size <= journals._COMPACT_BYTES + RECORD_BYTES
        assert journal.find(count - 1) is None
        assert journal.find(count).status == 7 << 8
    finally:
        os.close(journal._fd)
    following = journals.Journal(path, lambda fd: fd)
    os.close(following._fd)

    assert count in following.unacked
    assert following.next_seq() == count + 1


def exit_of(seq):
    """An exit whose key is its number."""
    return Exit(seq, seq, 7 << 8, 1234, 0.5, 0.25, 0, 1.0)
