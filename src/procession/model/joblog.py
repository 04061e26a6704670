"""The job log of GNU parallel, column for column: written by `procession map`, and read to know what is done.

A line is written whole when its job has ended, so that only the last one can be torn. Where an argument holds a tab or
a newline it is written as bash writes it, ``$'…'``: a line stays a line, and can still be pasted.
Source: parallel(1), --joblog.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from procession.errors import UsageError
from procession.model.outcome import Outcome

HEADER: Final = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n"
LOCAL: Final = ":"
NOT_BY_ITSELF: Final = -1
"""The exit value of a job that was ended for its time, or could not be started."""

_FIELDS: Final = 9
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPES: Final = {"\n": "n", "\t": "t", "\r": "r", "\\": "\\", "'": "'"}
_UNESCAPES: Final = {
    **{value: key for key, value in _ESCAPES.items()},
    '"': '"', "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v", "?": "?",
}  # fmt: skip
_WORD: Final = re.compile(
    r"""(?P<blank>[ \t]+) | '(?P<single>[^']*)' | \$'(?P<ansi>(?:[^'\\]|\\.)*)' | "(?P<double>(?:[^"\\]|\\.)*)"
    | \\(?P<escaped>.) | (?P<plain>[^ \t'"\\$]+|\$)""",
    re.VERBOSE | re.DOTALL,
)
_ANSI: Final = re.compile(r"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)


class JobLine(Struct, frozen=True, kw_only=True):
    """One job that has ended. started_at: since the epoch. received_bytes: what it printed."""

    number: int
    started_at: float
    duration_s: float
    received_bytes: int
    exit_value: int
    signal: int
    argv: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.exit_value == 0 and self.signal == 0

    def text(self) -> str:
        """Give the line, with its end."""
        return (
            f"{self.number}\t{LOCAL}\t{self.started_at:.3f}\t{self.duration_s:10.3f}\t0\t{self.received_bytes}\t"
            f"{self.exit_value}\t{self.signal}\t{quote(self.argv)}\n"
        )


def exit_value_and_signal(outcome: Outcome) -> tuple[int, int]:
    """Give what stands in the log for an outcome: what `waitpid` said, -1 for an end that was not its own."""
    if outcome.stopped_by is not None or (outcome.code is None and outcome.signal is None):
        return NOT_BY_ITSELF, outcome.signal or 0
    return outcome.code or 0, outcome.signal or 0


def read_lines(lines: Iterable[str], path: str) -> Iterator[JobLine]:
    """Read a log. A last line that is torn is passed over.

    Raises: UsageError: it is no such log; ``path`` and the line are named.
    """
    for number, line in enumerate(lines, 1):
        if number == 1:
            if line.rstrip("\n") != HEADER.rstrip("\n"):
                raise UsageError(f"{path}:1: this is no job log: its first line is not the one of GNU parallel")
        elif line.endswith("\n"):
            yield _read_line(line[:-1], f"{path}:{number}")


def _read_line(line: str, where: str) -> JobLine:
    fields = line.split("\t", _FIELDS - 1)
    try:
        number, _, started_at, duration_s, _, received, exit_value, signal, shown = fields
        return JobLine(
            number=int(number),
            started_at=float(started_at),
            duration_s=float(duration_s),
            received_bytes=int(received),
            exit_value=int(exit_value),
            signal=int(signal),
            argv=unquote(shown),
        )
    except ValueError:
        raise UsageError(f"{where}: this is no line of a job log: {line[:80]!r}") from None


def quote(argv: Sequence[str]) -> str:
    """Give the words in one line that a shell (with ``$'…'``: bash, zsh, ksh) would take for the same words."""
    return " ".join(_quote(word) for word in argv)


def unquote(text: str) -> tuple[str, ...]:
    """Read words as they were quoted by `quote`, by GNU parallel or by hand; a quote left open ends with the text."""
    words: list[str] = []
    word: str | None = None
    position = 0
    while position < len(text):
        match = _WORD.match(text, position)
        if match is None:  # a quote that is not closed
            word = (word or "") + text[position:]
            break
        position = match.end()
        if match["blank"] is not None:
            if word is not None:
                words.append(word)
            word = None
        else:
            word = (word or "") + _value(match)
    return tuple(words if word is None else [*words, word])


def _quote(word: str) -> str:
    if not _CONTROL.search(word):
        return shlex.quote(word)
    escaped = re.sub(r"[\\'\x00-\x1f\x7f]", lambda match: _escape(match[0]), word)
    return f"$'{escaped}'"


def _escape(character: str) -> str:
    return "\\" + _ESCAPES.get(character, f"{ord(character):03o}")


def _value(match: re.Match[str]) -> str:
    if match["ansi"] is not None:
        return _ANSI.sub(_unescape, match["ansi"])
    if match["double"] is not None:
        return re.sub(r'\\([$`"\\])', r"\1", match["double"])
    return match["single"] or match["escaped"] or match["plain"] or ""


def _unescape(match: re.Match[str]) -> str:
    inside = match[1]
    if inside[0] == "x" and len(inside) > 1:
        return chr(int(inside[1:], 16))
    if inside[0] in "01234567":
        return chr(int(inside, 8))
    return _UNESCAPES.get(inside, "\\" + inside)
