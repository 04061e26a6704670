"""Head and tail: bounded memory, exact counting."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.streams.head_tail import HeadTail

MIB = 1 << 20


@given(st.lists(st.binary(max_size=40)), st.integers(0, 100))
def test_the_first_and_the_last_half_are_kept(chunks: list[bytes], limit: int):
    """However it is chunked: the head, the tail, and the exact number of bytes between them."""
    kept = HeadTail(limit)
    for chunk in chunks:
        kept.append(chunk)
    data, head = b"".join(chunks), limit // 2

    expected = data if len(data) <= limit else data[:head] + data[len(data) - (limit - head) :]

    assert expected == kept.getvalue(mark=False)
    assert (len(data), len(data) - len(expected)) == (kept.total_bytes, kept.dropped_bytes)


def test_the_mark_says_how_much_was_dropped():
    """The cut is visible where it is, in words for people and in exact bytes."""
    kept = HeadTail(10)
    kept.append(b"start" + b"x" * 12_345_678 + b"enend")

    assert kept.getvalue().decode() == "start\n[… 12.3 MB dropped (12,345,678 bytes) …]\nenend"


def test_nothing_dropped_needs_no_mark():
    """Within the limit the value is exactly what came."""
    kept = HeadTail(10)
    kept.append(b"0123456789")

    assert kept.getvalue() == b"0123456789"
    assert kept.dropped_bytes == 0


def test_a_value_may_be_asked_for_at_any_time():
    """Looking changes nothing."""
    kept = HeadTail(4)
    for chunk in (b"ab", b"cd", b"ef"):
        kept.append(chunk)
        assert kept.getvalue() == kept.getvalue()

    assert kept.getvalue(mark=False) == b"abef"


@pytest.mark.parametrize("size", [3, 100, 5000, 65536])
def test_memory_stays_within_the_limit(size: int):
    """Small chunks cost no more than large ones: bytes are kept, not objects."""
    kept = HeadTail(MIB // 2)
    tracemalloc.start()
    for _ in range(MIB // size):
        kept.append(bytes(size))
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()

    assert held <= 0.65 * MIB


def test_a_negative_limit_is_refused():
    """A limit is a size."""
    with pytest.raises(ValueError, match="negative"):
        HeadTail(-1)
