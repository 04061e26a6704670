r"""Cutting a byte stream into lines, whatever the sizes in which it arrives.

The same bytes give the same lines however they were chunked. ``\n`` alone ends a line. ``\r`` is kept:
``10%\r20%\r30%\n`` is one line and ``a\r\n`` is the line ``a\r``; :func:`shown` gives what a terminal would
leave of either. What is not a whole line comes as a *partial* piece; joining all pieces, with ``\n`` after each
one that ends its line, gives back the stream exactly.

Not here: reading (``reader``), time stamps (``note``), timers for unfinished lines (who owns the loop calls
``take_tail`` when a prompt has waited long enough).
"""

import codecs
from collections.abc import Callable
from typing import AnyStr, Generic

from procession.streams.pieces import PartialBytes, PartialText, ends_line
from procession.streams.shown import shown

__all__ = ["LINE_LIMIT_BYTES", "LineSplitter", "PartialBytes", "PartialText", "TextLineSplitter", "ends_line", "shown"]

LINE_LIMIT_BYTES = 1 << 20
"""The longest line that comes whole: 1 MiB. A longer one comes in pieces of this size."""

_LOOSE_PIECES = 1024
"""How many carried pieces are kept apart before they are joined: bounds the overhead of one-byte chunks."""


class _Splitter(Generic[AnyStr]):
    """The one algorithm, for bytes and for str: split the chunk at once, join only what was carried over."""

    def __init__(self, newline: AnyStr, partial: Callable[..., AnyStr], limit: int) -> None:
        if limit < 1:
            raise ValueError(f"the line limit must be at least 1, not {limit}")
        self._newline: AnyStr = newline
        self._nothing: AnyStr = newline[:0]
        self._partial: Callable[..., AnyStr] = partial
        self._limit = limit
        self._carried: list[AnyStr] = []
        self._carried_size = 0
        self._inside_pieces = False

    @property
    def tail(self) -> AnyStr:
        """The unfinished line so far, without what was already handed out in pieces."""
        return self._nothing.join(self._carried)

    def feed(self, data: AnyStr) -> list[AnyStr]:
        """Take the next chunk; return the lines it completes, without their newlines, and any full pieces."""
        lines = data.split(self._newline)
        tail = lines.pop()
        if lines:
            if self._carried or self._inside_pieces:
                lines[:1] = self._finish(lines[0])
            if len(data) > self._limit:
                lines = self._bounded(lines)
        if tail:
            lines += self._carry(tail)
        return lines

    def take_tail(self) -> list[AnyStr]:
        """Hand out the unfinished line now, as one piece; the rest of that line follows as pieces.

        For a prompt that waits for an answer. At the end of the stream this gives the last, unended line.
        """
        if not self._carried:
            return []
        piece = self._partial(self.tail)
        self._hold(self._nothing)
        self._inside_pieces = True
        return [piece]

    def _finish(self, end: AnyStr) -> list[AnyStr]:
        pieces = self._carry(end)
        line, inside = self.tail, self._inside_pieces
        self._hold(self._nothing)
        self._inside_pieces = False
        pieces.append(self._partial(line, ends_line=True) if inside else line)
        return pieces

    def _carry(self, data: AnyStr) -> list[AnyStr]:
        self._carried.append(data)
        self._carried_size += len(data)
        if self._carried_size > self._limit:
            return self._take_full_pieces()
        if len(self._carried) > _LOOSE_PIECES:
            self._carried = [self.tail]
        return []

    def _take_full_pieces(self) -> list[AnyStr]:
        whole, limit = self.tail, self._limit
        # The piece that reaches the end stays: only a further character proves the line to be over the limit.
        cuts = range(0, len(whole) - limit, limit)
        self._hold(whole[cuts[-1] + limit :])
        self._inside_pieces = True
        return [self._partial(whole[cut : cut + limit]) for cut in cuts]

    def _bounded(self, lines: list[AnyStr]) -> list[AnyStr]:
        if max(map(len, lines)) <= self._limit:
            return lines
        bounded: list[AnyStr] = []
        for line in lines:
            bounded += self._finish(line) if len(line) > self._limit else [line]
        return bounded

    def _hold(self, rest: AnyStr) -> None:
        self._carried = [rest] if rest else []
        self._carried_size = len(rest)


class LineSplitter(_Splitter[bytes]):
    """Lines as bytes.

    ``limit_bytes`` bounds one line and so the memory held: a longer line comes as :class:`PartialBytes` of exactly
    that size and a shorter last one, which ``ends_line``. Raises :class:`ValueError` for a limit below 1.
    """

    def __init__(self, limit_bytes: int = LINE_LIMIT_BYTES) -> None:
        super().__init__(b"\n", PartialBytes, limit_bytes)

    def flush(self) -> list[bytes]:
        """At the end of the stream: the last line if nothing ended it (a :class:`PartialBytes`), else nothing."""
        return self.take_tail()


class TextLineSplitter:
    """Lines as str, decoded as they come: a character is never cut, wherever the chunks end.

    ``errors`` is the codec's policy; with the default, ``replace``, each invalid sequence becomes U+FFFD and so
    does, once, a character that the end of the stream cuts short. ``limit`` counts characters.
    Raises :class:`LookupError` for an unknown encoding, :class:`ValueError` for a limit below 1.
    """

    def __init__(self, encoding: str = "utf-8", errors: str = "replace", limit: int = LINE_LIMIT_BYTES) -> None:
        codecs.lookup_error(errors)
        self._decoder = codecs.getincrementaldecoder(encoding)(errors)
        self._splitter = _Splitter("\n", PartialText, limit)

    @property
    def tail(self) -> str:
        """The unfinished line so far; the bytes of an unfinished character are not in it yet."""
        return self._splitter.tail

    def feed(self, data: bytes) -> list[str]:
        """Take the next chunk; return the lines it completes. With ``errors="strict"`` may raise UnicodeError."""
        return self._splitter.feed(self._decoder.decode(data))

    def take_tail(self) -> list[str]:
        """Hand out the unfinished line now, as one :class:`PartialText`; the rest follows as pieces."""
        return self._splitter.take_tail()

    def flush(self) -> list[str]:
        """At the end of the stream: the last line if nothing ended it, with the last character if it was cut."""
        last = self._splitter.feed(self._decoder.decode(b"", final=True))
        return last + self._splitter.take_tail()
