"""Answering what programs ask their terminal, so that none waits for a reply that never comes.

enlighten, for one, asks dozens of questions and waits a second for each. The cursor's position comes from a screen
kept by pyte, which is fed only when somebody asks for it, with a bounded stretch of recent output: then a very
talkative program may get the place of the cursor on a screen that missed something, never a late answer.
Not here: reading and writing the terminal, and showing the screen to anyone.
Sources: ECMA-48 (DSR, DA), xterm's ctlseqs (XTGETTCAP, XTVERSION, OSC 10 and 11).
"""

import re
from collections import deque
from typing import Final

RECENT_BYTES: Final = 1 << 14
"""How much output is kept for the screen: two full ones with colours, and 20 ms of drawing at the next question."""

_QUERY: Final = re.compile(
    rb"\x1b(?:"
    rb"\[(?P<status>[56])n"
    rb"|\[0*(?P<attributes>)c"
    rb"|\[>0*(?P<secondary>)c"
    rb"|\[>0*(?P<version>)q"
    rb"|P\+q(?P<capability>[^\x1b]*)\x1b\\"
    rb"|\](?P<colour>1[01]);\?(?P<end>\x07|\x1b\\)"
    rb")"
)
# What the last bytes of a chunk may be the beginning of. An ESC ends any string that is open, so no query can hide
# in one, and nothing else has to be parsed.
_BEGINNING: Final = re.compile(
    rb"\x1b(?:\[(?:[56]|>?0{0,8})|P(?:\+(?:q[^\x1b]{0,4096}\x1b?)?)?|\](?:1(?:[01](?:;(?:\?\x1b?)?)?)?)?)?\Z"
)

# What pyte would draw as text, or not survive: strings, and control sequences other than plain ones and "?…h", "?…l".
_NOT_FOR_PYTE: Final = re.compile(
    rb"\x1b[PX^_][^\x1b]*(?:\x1b\\)?"
    rb"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    rb"|\x1b\[(?![0-9;]*[@-~]|\?[0-9;]*[hl])[0-?]*[ -/]*[@-~]?"
)
_TOKEN: Final = re.compile(rb"\x1b\[[0-9;?]*[@-~]|\x1b[ -/]*[^\x1b]?|[^\x1b]+")

_COLOURS: Final = {b"10": b"rgb:cccc/cccc/cccc", b"11": b"rgb:0000/0000/0000"}


class TerminalAnswers:
    """The answering side of one terminal of ``columns`` by ``rows``."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self._columns, self._rows = columns, rows
        self._screen: _Screen | None = None
        self._begun = b""
        self._unseen: deque[bytes] = deque()
        self._unseen_bytes = 0

    def feed(self, output: bytes) -> bytes:
        """Take what the program wrote; return what a terminal would type back, usually nothing.

        A query is recognised wherever chunks cut it. Output without an ESC is only remembered, without a copy.
        """
        if not self._begun and b"\x1b" not in output:
            self._remember(output)
            return b""
        output = self._begun + output
        answers, seen = [], 0
        for query in _QUERY.finditer(output):
            self._remember(output[seen : query.start()])
            seen = query.end()
            answers.append(self._answer(query))
        begun = _BEGINNING.search(output, _last_but_one_escape(output, seen))
        held = begun.start() if begun else len(output)
        self._begun = output[held:]
        self._remember(output[seen:held])
        return b"".join(answers)

    def resize(self, columns: int, rows: int) -> None:
        """Take the terminal's new size."""
        self._columns, self._rows = columns, rows
        if self._screen is not None:
            self._screen.resize(columns, rows)

    def _answer(self, query: re.Match[bytes]) -> bytes:
        kind = query.lastgroup
        if kind == "status":
            return self._position() if query["status"] == b"6" else b"\x1b[0n"
        if kind == "end":
            return b"\x1b]" + query["colour"] + b";" + _COLOURS[query["colour"]] + query["end"]
        return _FIXED_ANSWERS[kind or ""]

    def _position(self) -> bytes:
        if self._screen is None:
            self._screen = _Screen(self._columns, self._rows)
        self._screen.draw(b"".join(self._unseen)[-RECENT_BYTES:])
        self._unseen.clear()
        self._unseen_bytes = 0
        return self._screen.position()

    def _remember(self, output: bytes) -> None:
        if len(output) > RECENT_BYTES:
            output = output[-RECENT_BYTES:]
        self._unseen.append(output)
        self._unseen_bytes += len(output)
        while self._unseen_bytes - len(self._unseen[0]) >= RECENT_BYTES:
            self._unseen_bytes -= len(self._unseen.popleft())


_FIXED_ANSWERS: Final = {
    "attributes": b"\x1b[?62;c",
    "secondary": b"\x1b[>0;0;0c",
    "version": b"\x1bP>|procession\x1b\\",
    "capability": b"\x1bP0+r\x1b\\",
}


def _last_but_one_escape(output: bytes, start: int) -> int:
    last = output.rfind(b"\x1b", start)
    return max(output.rfind(b"\x1b", start, max(last, start)), start)


class _Screen:
    """pyte's screen, protected from what it does not understand."""

    def __init__(self, columns: int, rows: int) -> None:
        import pyte  # noqa: PLC0415 - most programs never ask where the cursor is

        self._screen: pyte.Screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)

    def draw(self, output: bytes) -> None:
        for token in _TOKEN.findall(_NOT_FOR_PYTE.sub(b"", output)):
            try:
                self._stream.feed(token)
            except Exception:  # noqa: BLE001, S112 - a sequence with a wrong number of arguments; pyte starts afresh
                continue
        # Every "save cursor" is kept for a "restore" that may never come.
        del self._screen.savepoints[:-8]

    def position(self) -> bytes:
        import pyte.modes  # noqa: PLC0415 - as above

        cursor, margins = self._screen.cursor, self._screen.margins
        top = margins.top if margins and pyte.modes.DECOM in self._screen.mode else 0
        # pyte keeps the cursor beyond the last column until the next character wraps it.
        return b"\x1b[%d;%dR" % (cursor.y + 1 - top, min(cursor.x + 1, self._screen.columns))

    def resize(self, columns: int, rows: int) -> None:
        self._screen.resize(rows, columns)
