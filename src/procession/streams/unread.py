"""What of a stream was read but not given out yet, as bytes, so that who breaks off loses nothing for who reads next.

Not here: keeping it (``output``), cutting lines (``lines``).
"""

from collections.abc import Iterator

from procession.streams.lines import TextLineSplitter
from procession.streams.pieces import PartialText, ends_line

_LOOSE_PIECES = 1024
"""How many chunks of an unfinished line are kept apart before they are joined."""


class UnreadLines:
    """Gives out the lines of one stream as text, and at any moment the bytes of which no line was given out.

    Exact for plain lines in any encoding whose newline is one byte. Otherwise, and for the pieces of an overlong line,
    the text is encoded again: invalid bytes come back as what the codec made of them.
    """

    def __init__(self, encoding: str, errors: str, limit: int) -> None:
        self._splitter = TextLineSplitter(encoding, errors, limit)
        self._encoding, self._errors = encoding, errors
        self._is_exact = "\n".encode(encoding) == b"\n"
        self._chunk = b""
        self._lines: Iterator[str] = iter(())
        self._tail: list[bytes] = []

    def split(self, chunk: bytes) -> Iterator[str]:
        """Take the next chunk; give the lines that it completes. To be exhausted before the next one."""
        lines = self._splitter.feed(chunk)
        self._chunk, self._lines = chunk, iter(lines)
        if not self._is_exact or (lines and not ends_line(lines[-1])):
            self._tail = [self._encode(self._splitter.tail)]
        elif lines:
            self._tail = [chunk[chunk.rfind(b"\n") + 1 :]]
        else:
            self._tail.append(chunk)
            if len(self._tail) > _LOOSE_PIECES:
                self._tail = [b"".join(self._tail)]
        return self._lines

    def finish(self) -> Iterator[str]:
        """Give what nothing ended, at the end of the stream."""
        self._tail.clear()
        self._lines = iter(self._splitter.flush())
        return self._lines

    def rest(self) -> bytes:
        """Return the bytes of which no line was given out. Use it once, when no more follows."""
        lines = list(self._lines)
        if not lines:
            return b"".join(self._tail)
        if self._is_exact and not any(isinstance(line, PartialText) for line in lines):
            return b"\n".join(self._chunk.rsplit(b"\n", len(lines) + 1)[1:])
        return self._encode("".join(f"{line}\n" if ends_line(line) else line for line in lines)) + b"".join(self._tail)

    def _encode(self, text: str) -> bytes:
        return text.encode(self._encoding, "replace" if self._errors == "strict" else self._errors)
