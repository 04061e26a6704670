"""Lines: the same bytes give the same lines, however they came."""

import pickle
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.streams.lines import LineSplitter, PartialBytes, PartialText, TextLineSplitter, ends_line

KIB, MIB = 1 << 10, 1 << 20
TALK = st.lists(st.sampled_from([b"\n", b"a", b"bc", b"\r", "é".encode(), "🎉".encode(), b"\xff", b"\xe2\x82"])).map(
    b"".join
)
CUTS = st.lists(st.integers(0, 60)).map(sorted)


def chunked(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut ``data`` at the given places; some chunks may be empty."""
    ends = [*(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def split(splitter: LineSplitter | TextLineSplitter, chunks: list[bytes]) -> list[tuple[type, bytes | str, bool]]:
    """Feed all chunks; return all pieces with their marks."""
    pieces = [piece for chunk in chunks for piece in splitter.feed(chunk)] + splitter.flush()
    return [(type(piece), piece, ends_line(piece)) for piece in pieces]


@given(TALK, CUTS, st.integers(1, 6))
def test_chunking_is_invisible_in_bytes(data: bytes, cuts: list[int], limit: int):
    """Any split of the same bytes gives the same pieces with the same marks."""
    assert split(LineSplitter(limit), [data]) == split(LineSplitter(limit), chunked(data, cuts))


@given(TALK, CUTS, st.integers(1, 6))
def test_chunking_is_invisible_in_text(data: bytes, cuts: list[int], limit: int):
    """The same for text, with characters cut in the middle and bytes that are no characters (C024)."""
    assert split(TextLineSplitter(limit=limit), [data]) == split(TextLineSplitter(limit=limit), chunked(data, cuts))


@given(TALK, CUTS, st.integers(1, 6))
def test_pieces_join_to_the_stream(data: bytes, cuts: list[int], limit: int):
    """No byte is lost, doubled or invented, and no piece is over the limit (C025)."""
    pieces = split(LineSplitter(limit), chunked(data, cuts))

    assert data == b"".join(piece + b"\n" * ended for _, piece, ended in pieces)
    assert all(len(piece) <= limit for _, piece, _ in pieces)


@given(TALK, CUTS)
def test_text_is_what_decoding_the_whole_would_give(data: bytes, cuts: list[int]):
    """Incremental decoding replaces exactly what decoding at once would (C024)."""
    pieces = split(TextLineSplitter(), chunked(data, cuts))

    assert data.decode("utf-8", "replace") == "".join(piece + "\n" * ended for _, piece, ended in pieces)


@given(TALK, CUTS, CUTS)
def test_taking_the_tail_early_loses_nothing(data: bytes, cuts: list[int], takes: list[int]):
    """A prompt may be shown before its line ends, at any time: all pieces still join to the stream (C026)."""
    splitter = LineSplitter()
    pieces = []
    for index, chunk in enumerate(chunked(data, cuts)):
        pieces += splitter.feed(chunk) + (splitter.take_tail() if index in takes else [])
    pieces += splitter.flush()

    assert data == b"".join(piece + b"\n" * ends_line(piece) for piece in pieces)


def test_whole_lines_are_plain():
    """Only what is not a whole line carries a mark; its newline is not part of it."""
    splitter = LineSplitter()

    assert splitter.feed(b"one\n\ntwo\nth") == [b"one", b"", b"two"]
    assert {bytes} == {type(line) for line in [*splitter.feed(b"ree\n"), *splitter.feed(b"four\n")]}


def test_an_unended_last_line_is_partial():
    """At the end of the stream the rest comes once, marked."""
    splitter = LineSplitter()
    splitter.feed(b"a\nrest")

    (piece,) = splitter.flush()

    assert (PartialBytes(b"rest"), False) == (piece, ends_line(piece))
    assert splitter.flush() == []


def test_a_line_of_10_mib_comes_in_marked_pieces():
    """C025: nothing raises, nothing is lost, and the line after it is intact."""
    splitter = LineSplitter()
    data = b"z" * (10 * MIB) + b"\nok\n"

    pieces = [
        piece for start in range(0, len(data), 64 * KIB) for piece in splitter.feed(data[start : start + 64 * KIB])
    ]

    assert [len(piece) for piece in pieces[:-1]] == [MIB] * 10
    assert [PartialBytes] * 10 + [bytes] == [type(piece) for piece in pieces]
    assert [ends_line(piece) for piece in pieces] == [False] * 9 + [True, True]
    assert pieces[-1] == b"ok"


def test_memory_is_bounded_by_the_line_limit():
    """C025: however long the line is and however it comes, a splitter holds little more than its limit."""
    splitter = LineSplitter(MIB)
    tracemalloc.start()
    for size in (7, 64 * KIB):
        chunk = b"z" * size
        for _ in range(4 * MIB // size):
            splitter.feed(chunk)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert held <= 1.2 * MIB
    assert peak <= 4 * MIB


def test_a_line_of_exactly_the_limit_is_whole():
    """The limit is what still fits, whether the newline comes with the line or later."""
    splitter = LineSplitter(4)

    assert splitter.feed(b"abcd\n") == [b"abcd"]
    assert splitter.feed(b"efgh") == []
    assert [(bytes, b"efgh")] == [(type(line), line) for line in splitter.feed(b"\n")]


def test_long_lines_among_short_ones_in_one_chunk():
    """A chunk larger than the limit is cut where it must be and only there."""
    pieces = LineSplitter(4).feed(b"a\nbbbbbbbbb\nc\n")

    assert pieces == [b"a", b"bbbb", b"bbbb", b"b", b"c"]
    assert [bytes, PartialBytes, PartialBytes, PartialBytes, bytes] == [type(piece) for piece in pieces]


def test_carriage_returns_are_kept():
    """C026: only a newline ends a line; what a bar writes is one line, and CRLF leaves the CR."""
    assert LineSplitter().feed(b"10%\r20%\r30%\ndos\r\n") == [b"10%\r20%\r30%", b"dos\r"]


def test_a_prompt_can_be_taken_before_its_line_ends():
    """C026: the prompt comes at once, and what follows it is marked as the rest of the same line."""
    splitter = TextLineSplitter()
    splitter.feed(b"Password: ")
    assert splitter.tail == "Password: "

    (prompt,) = splitter.take_tail()
    rest, plain = splitter.feed(b"ok\nnext\n")

    assert ("Password: ", PartialText, False) == (prompt, type(prompt), ends_line(prompt))
    assert ("ok", PartialText, True) == (rest, type(rest), ends_line(rest))
    assert ("next", str) == (plain, type(plain))


def test_a_character_is_never_cut():
    """C024: an emoji byte by byte comes whole and once, bytes that are none are replaced, a cut one once at the end."""
    splitter = TextLineSplitter()
    data = "🎉".encode() + b"\n\xff\xfe\nend\xf0\x9f"

    lines = [line for byte in data for line in splitter.feed(bytes([byte]))]

    assert lines == ["🎉", "\ufffd\ufffd"]
    assert splitter.flush() == ["end\ufffd"]


def test_taking_the_tail_does_not_break_a_character():
    """A prompt taken inside a character leaves the character for later."""
    splitter = TextLineSplitter()
    splitter.feed("né".encode()[:-1])

    assert splitter.take_tail() == ["n"]
    assert splitter.feed("é".encode()[1:] + b"\n") == ["é"]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "shift_jis"])
def test_other_encodings(encoding: str):
    """Newlines are looked for in the text, so that encodings with a byte 10 inside characters are right, too."""
    splitter = TextLineSplitter(encoding)
    data = "\u010a\nb\nrest".encode(encoding, "replace")

    lines = [line for byte in data for line in splitter.feed(bytes([byte]))] + splitter.flush()

    assert data.decode(encoding).split("\n") == lines


def test_strict_decoding_raises():
    """Whoever asks for errors gets them."""
    with pytest.raises(UnicodeDecodeError):
        TextLineSplitter(errors="strict").feed(b"\xff\n")


@pytest.mark.parametrize("wrong", [{"encoding": "no such"}, {"errors": "no such"}])
def test_unknown_codecs_are_refused_at_once(wrong: dict[str, str]):
    """An unknown encoding or error policy is said when the splitter is made, not at the first odd byte."""
    with pytest.raises(LookupError):
        TextLineSplitter(**wrong)


def test_a_limit_below_one_is_refused():
    """No line fits into nothing."""
    with pytest.raises(ValueError, match="at least 1"):
        LineSplitter(0)


@pytest.mark.parametrize("piece", [PartialBytes(b"a", ends_line=True), PartialText("a", ends_line=True)])
def test_pieces_survive_pickling(piece: bytes | str):
    """The mark travels with the piece."""
    again = pickle.loads(pickle.dumps(piece))

    assert (piece, type(piece), True) == (again, type(again), ends_line(again))
