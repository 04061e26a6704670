"""How well progress is read from the output of 76 real tools: ``python -m benchmarks.progress_score [-v]``.

Each recording (tests/fixtures/progress) is replayed, cut at every place where the truth is known and at others; a
recording counts if everything holds that is demanded of it. Also prints what reading costs per byte.
"""

from __future__ import annotations

import json
import random
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from procession.monitor.progress.profiles import PROFILES
from procession.monitor.progress.reader import OutputReader
from procession.monitor.progress.tracker import ProgressTracker

PLACE = Path(__file__).parents[1] / "tests" / "fixtures" / "progress"
TOLERANCE = 5.0
_FRAME_END = re.compile(rb"[\r\n\x08]+|\x1b\[\d*[A-H]")
_SHIFTING = ("phase", "per file", "four fits", "inner bars")


def fixtures() -> list[dict[str, Any]]:
    """Give all recordings, as the index has them."""
    return list(json.loads((PLACE / "index.json").read_text())["fixtures"])


def faults(fixture: dict[str, Any], *, profiles: bool, seed: int = 0, cuts: int = 40) -> list[str]:
    """Replay one, and say all that is wrong."""
    data = (PLACE / fixture["file"]).read_bytes()
    replay = _Replay(fixture, data, profiles=profiles)
    places = random.Random(seed).sample(range(len(data)), min(cuts, len(data)))
    truths = fixture["truths"]
    stops = sorted(
        {*places, *(each["offset"] for each in truths), *(_next_frame(data, each["offset"]) for each in truths)}
    )
    begun = 0
    for stop in (*stops, len(data)):
        replay.feed(data[begun:stop], begun)
        begun = stop
    replay.end()
    return replay.faults


def _next_frame(data: bytes, offset: int) -> int:
    match = _FRAME_END.search(data, offset)
    return min(match.end() + 1 if match else len(data), len(data))


class _Replay:
    """One recording on its way through reader and tracker."""

    def __init__(self, fixture: dict[str, Any], data: bytes, *, profiles: bool) -> None:
        self._fixture = fixture
        self._deadlines = {each["offset"]: _next_frame(data, each["offset"]) for each in fixture["truths"]}
        self._reader = OutputReader(["sh", "-c", fixture["command"]], profiles=PROFILES if profiles else ())
        self._tracker = ProgressTracker(0.0)
        self._owed: list[dict[str, Any]] = []
        self._best: tuple[str | None, float] = (None, 0.0)
        self._end = 0
        self.faults: list[str] = []

    def feed(self, piece: bytes, begun: int) -> None:
        """Take a piece, and look at what is shown after it."""
        self._reader.feed("both", piece)
        self._end = begun + len(piece)
        if self._reader.reading is not None:
            self._tracker.take(self._reader.reading, self._time())
        self._check(begun)

    def end(self) -> None:
        """What is still owed at the end is wrong."""
        self.faults += [
            f"at {each['offset']} of {each['text']!r}: {self._shown()}, not {each['percent']}" for each in self._owed
        ]
        is_unknown = self._fixture["final"]["percent"] is None
        if is_unknown and not any(each["percent"] for each in self._fixture["truths"]) and self._shown() is not None:
            self.faults.append(f"claims {self._shown()} where nothing can be known")

    def _shown(self) -> float | None:
        value = self._tracker.value
        fraction = None if value is None else value.shown_fraction
        return None if fraction is None else round(fraction * 100, 1)

    def _check(self, begun: int) -> None:
        shown, value = self._shown(), self._tracker.value
        if shown is not None and shown >= 100:
            self.faults.append(f"100 % at {self._end}, before its end")
        self._owed = [each for each in self._owed if not _fits(shown, each["percent"])]
        late = [each for each in self._owed if self._end > self._deadlines[each["offset"]]]
        for each in late:
            self.faults.append(f"at {each['offset']} of {each['text']!r}: {shown}, not {each['percent']}")
            self._owed.remove(each)
        new = [each for each in self._fixture["truths"] if begun < each["offset"] <= self._end]
        self._owed += [each for each in new if not _fits(shown, each["percent"])]
        if value is not None and shown is not None:
            phase, best = self._best
            if value.fraction is not None and phase is None and shown < best - 0.01:
                self.faults.append(f"falls from {best} to {shown} at {self._end}")
            self._best = (None if value.fraction is not None else "phase", shown)
        self._check_corridor(shown)

    def _check_corridor(self, shown: float | None) -> None:
        """Between two truths nothing else may be shown: that would be a trap."""
        truths = [each for each in self._fixture["truths"] if each["percent"] is not None]
        if shown is None or not truths or any(word in self._fixture["scope"] for word in _SHIFTING):
            return
        lower = max((each["percent"] for each in truths if self._deadlines[each["offset"]] < self._end), default=0.0)
        upper = min((each["percent"] for each in truths if each["offset"] >= self._end), default=100.0)
        if not lower - TOLERANCE <= shown <= upper + TOLERANCE:
            self.faults.append(f"{shown} at {self._end}, where {lower} to {upper} is true")

    def _time(self) -> float:
        read = 0
        for at_s, _, size in self._fixture["timing"]:
            read += size
            if read >= self._end:
                return float(at_s)
        return float(self._fixture["duration_s"])


def _fits(shown: float | None, percent: float | None) -> bool:
    if percent is None:
        return shown is None
    return shown is not None and abs(shown - percent) <= TOLERANCE


def score(*, profiles: bool, seeds: Sequence[int] = (0, 1, 2)) -> tuple[int, int, dict[str, list[str]]]:
    """Give how many recordings pass, of how many, and what is wrong with the others."""
    wrong: dict[str, list[str]] = {}
    given = fixtures()
    for fixture in given:
        found = [each for seed in seeds for each in faults(fixture, profiles=profiles, seed=seed)]
        if found:
            wrong[fixture["file"]] = list(dict.fromkeys(found))
    return len(given) - len(wrong), len(given), wrong


def _texts() -> Iterator[tuple[str, bytes]]:
    lines = b"".join(
        b"2026-11-26 12:00:%02d INFO worker-%d handled GET /api/v1/items/%d in %d ms\n" % (n % 60, n % 7, n, n % 90)
        for n in range(20000)
    )
    yield "log lines", lines
    yield "compiler output", (PLACE / "make_gcc_plain.pipe.raw").read_bytes() * 800
    yield "test output", (PLACE / "pytest_v.pipe.raw").read_bytes() * 60
    yield "a bar alone", (PLACE / "tqdm.pty.raw").read_bytes() * 300
    yield "random bytes", random.Random(1).randbytes(1 << 20)


def costs(piece_bytes: int) -> dict[str, float]:
    """Give nanoseconds per byte by kind of output, read in pieces of this size."""
    found = {}
    for name, text in _texts():
        times = []
        for _ in range(5):
            reader = OutputReader(["python", "train.py"])
            begun = time.process_time()
            for place in range(0, len(text), piece_bytes):
                reader.feed("stdout", text[place : place + piece_bytes])
            times.append(time.process_time() - begun)
        found[name] = sorted(times)[2] / len(text) * 1e9
    return found


def main() -> None:
    """Print all of it."""
    for profiles, name, wanted in ((True, "with profiles", 100), (False, "patterns alone", 85)):
        passed, total, wrong = score(profiles=profiles)
        print(f"{name}: {passed} of {total} recordings, {passed / total:.1%} (wanted: {wanted} %)")
        if "-v" in sys.argv:
            for file, found in wrong.items():
                print(f"  {file}: {'; '.join(found[:2])}")
    for piece_bytes in (4096, 65536):
        figures = ", ".join(f"{name} {cost:.1f}" for name, cost in costs(piece_bytes).items())
        print(f"ns per byte in pieces of {piece_bytes}: {figures} (wanted: 20)")


if __name__ == "__main__":
    main()
