"""Lines of many tasks, from pieces of any size, with their offsets."""

from hypothesis import given
from hypothesis import strategies as st

from procession.cli.line_cutter import LineCutter
from procession.cli.tail import Printed


def cut(chunks: list[bytes]) -> list[tuple[int, bytes, bool]]:
    """Cut one stream, given in chunks, to its end."""
    cutter, offset, lines = LineCutter(), 0, []
    for chunk in chunks:
        lines += cutter.cut(Printed(task="t", stream="stdout", offset=offset, data=chunk))
        offset += len(chunk)
    lines += cutter.cut(Printed(task="t", stream="stdout", offset=offset, is_last=True))
    return [(line.offset, line.data, line.is_whole) for line in lines]


@given(st.lists(st.binary(max_size=20)))
def test_chunking_is_invisible(chunks):
    """Any split of the same bytes gives the same lines at the same offsets, and these are where the bytes are."""
    whole = b"".join(chunks)

    assert cut(chunks) == cut([whole])
    for offset, data, _ in cut(chunks):
        assert whole[offset : offset + len(data)] == data


def test_streams_and_tasks_do_not_mix():
    """Each stream of each task has its own unfinished line."""
    cutter = LineCutter()
    cutter.cut(Printed(task="a", stream="stdout", offset=0, data=b"a-out"))
    cutter.cut(Printed(task="a", stream="stderr", offset=0, data=b"a-err"))

    lines = cutter.cut(Printed(task="b", stream="stdout", offset=0, data=b"b\n"))

    assert [line.data for line in lines] == [b"b"]


def test_dropped_bytes_end_the_line_before_them():
    """A gap is told at its place, and the line it tore is shown as far as it came."""
    cutter = LineCutter()
    cutter.cut(Printed(task="a", stream="stdout", offset=0, data=b"begun"))

    torn, gap = cutter.cut(Printed(task="a", stream="stdout", offset=5, dropped_bytes=100))
    after = cutter.cut(Printed(task="a", stream="stdout", offset=105, data=b"on\n"))

    assert (torn.data, torn.is_whole) == (b"begun", False)
    assert (gap.offset, gap.dropped_bytes) == (5, 100)
    assert (after[0].offset, after[0].data) == (105, b"on")
