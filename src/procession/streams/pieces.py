"""What a line splitter hands out when it is not a whole line: marked pieces that are still bytes and str.

Subclasses, so that ordinary lines stay plain and fast and only the rare piece carries a mark.
Not here: the cutting (``lines``).
"""

from typing import Self


class PartialBytes(bytes):
    """A piece of a line: the line was over the limit, was taken early, or the stream ended inside it."""

    ends_line: bool
    """True for the last piece of such a line, the one that a newline followed."""

    def __new__(cls, data: bytes = b"", *, ends_line: bool = False) -> Self:
        """Mark ``data`` as a piece of a line."""
        piece = super().__new__(cls, data)
        piece.ends_line = ends_line
        return piece


class PartialText(str):  # noqa: SLOT000 - of one shape with PartialBytes, which cannot have slots
    """The text twin of :class:`PartialBytes`."""

    ends_line: bool
    """True for the last piece of such a line, the one that a newline followed."""

    def __new__(cls, text: str = "", *, ends_line: bool = False) -> Self:
        """Mark ``text`` as a piece of a line."""
        piece = super().__new__(cls, text)
        piece.ends_line = ends_line
        return piece


def ends_line(piece: bytes | str) -> bool:
    """Say whether a newline followed ``piece`` in the stream: always true of a plain line."""
    return not isinstance(piece, (PartialBytes, PartialText)) or piece.ends_line
