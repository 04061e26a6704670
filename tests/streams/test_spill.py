"""Output that waits: whole, in order, and not all of it in memory."""

from hypothesis import given
from hypothesis import strategies as st

from procession.streams.spill import Spill, Spilled

CHUNK = 1 << 14


@given(
    chunks=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3 * CHUNK)), max_size=12), room=st.integers(0, 1 << 16)
)
def test_every_stream_comes_back_whole(chunks, room):
    """Whatever the bound, each of several streams gives exactly what was added to it, and the room comes back."""
    spill = Spill(room)
    streams = [Spilled(spill) for _ in range(3)]
    expected = [b"", b"", b""]
    for number, (which, size) in enumerate(chunks):
        data = bytes([number]) * size
        streams[which].append(data)
        expected[which] += data
    try:
        assert [stream.size_bytes for stream in streams] == [len(data) for data in expected]
        assert [b"".join(stream.pieces()) for stream in streams] == expected
        assert spill.room_bytes == room
    finally:
        spill.close()


def test_memory_is_bounded():
    """Beyond the bound what is added is kept on disk: hardly more than one chunk of it stays in memory."""
    spill = Spill(CHUNK)
    stream = Spilled(spill)
    for _ in range(64):
        stream.append(bytes(CHUNK))

    assert spill.room_bytes >= -CHUNK
    assert sum(map(len, stream.pieces())) == 64 * CHUNK
    spill.close()


def test_a_full_disk_loses_nothing(monkeypatch):
    """Where nothing can be written memory is used after all, and why is known."""
    spill = Spill(0)
    stream = Spilled(spill)

    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", refuse)
    stream.append(b"x" * 2 * CHUNK)

    assert spill.failure is not None
    assert b"".join(stream.pieces()) == b"x" * 2 * CHUNK
    spill.close()


def test_what_is_given_up_is_gone():
    """A cleared stream begins anew."""
    spill = Spill(0)
    stream = Spilled(spill)
    stream.append(b"x" * 2 * CHUNK)
    stream.clear()
    stream.append(b"y")

    assert (stream.size_bytes, b"".join(stream.pieces())) == (1, b"y")
    spill.close()
