"""Reads a program's output, as it comes, for how far it is.

What is heard, in this order: the user's own pattern, JSON lines, the profile of a tool, what looks like progress. Once
one of them has spoken, those after it are not heard any more. Where the tool is known by its name, nobody guesses.
The work for each piece is bounded (see ``frames``); of more than that the newest is read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from procession.monitor.progress.bars import Bars
from procession.monitor.progress.found import Found, Reading
from procession.monitor.progress.frames import Frame, FrameCutter
from procession.monitor.progress.generic import GenericReader
from procession.monitor.progress.json_lines import find_in_json
from procession.monitor.progress.profile import Profile, profile, programs_of
from procession.monitor.progress.profiles import PROFILES

_OVERLAP_BYTES: Final = 1024
_HEAD_BYTES: Final = 1 << 17
"""Facts stand at the beginning of what is printed: after so much nobody looks for them."""

_CONFIDENCE: Final = {"json": 0.95, "profile": 0.9, "pattern": 0.6}
_SLASH: Final = re.compile(rb"[\dBkKMGT] ?/ ?\d")


class OutputReader:
    """Takes the output of one attempt; `reading` is what it says now.

    argv: the command, by whose program a profile is chosen. pattern: the user's own, with groups as in `profile`.
    profiles, guesses: the formats that are known, and whether what is not known may be guessed at.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        pattern: str | None = None,
        profiles: Sequence[Profile] = PROFILES,
        guesses: bool = True,
    ) -> None:
        names = programs_of(argv)
        named = tuple(each for each in profiles if each.programs & names)
        self._own = None if pattern is None else profile("its own pattern", pattern.encode())
        self._named = named
        self._by_content = tuple(each for each in profiles if each.by_content and each not in named)
        self._open_facts = [each for each in (*named, *self._by_content) if each.fact is not None]
        self._facts: dict[str, dict[str, bytes]] = {}
        self._guess = GenericReader() if guesses and not named else None
        self._cutters: dict[str, FrameCutter] = {}
        self._bars = Bars()
        self._known: Profile | None = None
        self._overlap = b""
        self._fed_bytes = 0
        self._speaks = ""
        self.reading: Reading | None = None

    @property
    def skipped_bytes(self) -> int:
        """How much was passed over unread, because so much came at once."""
        return sum(each.skipped_bytes for each in self._cutters.values())

    def feed(self, stream: str, data: bytes) -> None:
        """Take a piece of output, whatever its size, cut wherever it is."""
        if self._open_facts:
            self._look_for_facts(data)
        cutter = self._cutters.get(stream)
        if cutter is None:
            cutter = self._cutters[stream] = FrameCutter()
        for frame in cutter.feed(data):
            self._read(frame)

    def _look_for_facts(self, data: bytes) -> None:
        text = self._overlap + data
        for each in tuple(self._open_facts):
            match = each.fact.search(text) if each.fact is not None else None
            if match is not None:
                self._facts[each.name] = match.groupdict()
                self._open_facts.remove(each)
        self._overlap = text[-_OVERLAP_BYTES:]
        self._fed_bytes += len(data)
        if self._fed_bytes > _HEAD_BYTES:
            self._open_facts.clear()

    def _read(self, frame: Frame) -> None:
        text = frame.text
        if self._own is not None:
            found = self._own.find(text, {})
            if found is not None:
                self._hear(found, "profile", self._own.name)
            return
        if text[:1] == b"{":
            found = find_in_json(text)
            if found is not None:
                self._hear(found, "json", None)
                self._speaks = "json"
                return
        if self._speaks == "json":
            return
        is_hopeful = _is_hopeful(text)
        if not (is_hopeful or self._named) or self._read_by_profile(text, self._by_content if is_hopeful else ()):
            return
        found = self._guess.find(frame) if self._guess is not None and self._speaks != "profile" else None
        if found is not None:
            self._hear(found, "pattern", None)

    def _read_by_profile(self, text: bytes, by_content: tuple[Profile, ...]) -> bool:
        first = () if self._known is None else (self._known,)
        for each in (*first, *self._named, *by_content):
            found = each.find(text, self._facts.get(each.name, {}))
            if found is not None:
                self._known = each
                self._speaks = "profile"
                self._hear(found, "profile", each.name)
                return True
        return False

    def _hear(self, found: Found, source: str, tool: str | None) -> None:
        if self.reading is None or self.reading.source != source:
            self._bars = Bars()
        if found.is_bar and found.percent is not None:
            found = self._bars.take(found)
        self.reading = Reading(found, source, tool, _CONFIDENCE[source])  # type: ignore[arg-type]  # one of them


def _is_hopeful(text: bytes) -> bool:
    """Whether a frame holds anything that a profile knows by its content, or that may be progress: most do not."""
    return (
        b"%" in text
        or (b"/" in text and _SLASH.search(text) is not None)
        or b" of " in text
        or b"time=" in text
        or b" copied, " in text
        or b"]\t" in text
        or b"/s]" in text
    )
