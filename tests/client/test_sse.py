"""Server-sent events out of bytes, however they were cut."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.client.sse import EventParser, ServerEvent

STREAM = (
    b": hello\r\nid: 1\nevent: a\ndata: x\ndata: y\n\n\ndata:z\r\r"
    b"id\nevent: only\n\nid: 2\ndata: \xc3\xa9\n\ndata: unfinished"
)
EVENTS = [ServerEvent("a", "x\ny", "1"), ServerEvent("message", "z", None), ServerEvent("message", "é", "2")]


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_chunking_is_invisible(cuts):
    """The same events come, wherever the bytes were cut."""
    parser, found = EventParser(), []
    edges = [0, *sorted(cuts), len(STREAM)]
    for begin, end in itertools.pairwise(edges):
        found += parser.feed(STREAM[begin:end])

    assert found == EVENTS
    assert parser.last_id == "2"


def test_after_a_break_only_the_id_is_kept():
    """What was unfinished comes again, from the id on."""
    parser = EventParser()
    parser.feed(b"id: 7\ndata: a\n\nid: 8\ndata: half")
    parser.begin_anew()

    assert parser.feed(b"data: whole\n\n") == [ServerEvent("message", "whole", None)]
    assert parser.last_id == "7"


@pytest.mark.parametrize("noise", [b"retry: 9\n", b"unknown\n", b"id: a\0b\n", b":\n"])
def test_what_means_nothing_is_let_through(noise):
    """Fields that are not known change nothing."""
    assert EventParser().feed(noise + b"data: x\n\n") == [ServerEvent("message", "x", None)]
