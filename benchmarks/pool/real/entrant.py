"""One rival at one list: started in the group, watched until it ends or its time is over, started again if need be."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from benchmarks.pool.real.control_group import Group
from benchmarks.pool.real.journal import unfinished
from benchmarks.pool.real.plan import Piece
from benchmarks.pool.real.program import JOURNAL, PROGRAM
from benchmarks.pool.real.rivals import RETRIES, Rival
from benchmarks.pool.real.told_meminfo import ToldMeminfo

LOOK_S = 0.1
_ENTER = 'echo $$ > "$0" && exec "$@"'


class Entrant:
    """was_stopped: its time was over. rounds: how often it was started."""

    def __init__(self, rival: Rival, group: Group, scratch: Path, home: Path) -> None:
        """Nothing runs yet."""
        self.was_stopped = False
        self.rounds = 0
        self._rival = rival
        self._group = group
        self._scratch = scratch
        self._home = home
        self._status: int | None = None
        self._told = ToldMeminfo(home / "meminfo", group) if rival.is_told else None
        self._complaints = (home / "complaints").open("w+b")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._complaints.close()

    def do_all(self, pieces: Sequence[Piece], cap_s: float) -> float:
        """Run the list, and what is missing of it afterwards again; give the seconds that it took."""
        began_s = time.monotonic()
        missing = list(range(len(pieces)))
        while missing and not self.was_stopped and self.rounds <= RETRIES:
            self.rounds += 1
            self._run(pieces, missing, began_s + cap_s)
            missing = unfinished(self._scratch / JOURNAL, len(pieces))
        return time.monotonic() - began_s

    def last_words(self) -> str:
        """Give the end of what it wrote to standard error, if it ended badly by itself."""
        if self.was_stopped or not self._status:
            return ""
        text = (self._home / "complaints").read_bytes().decode(errors="replace").strip()
        return f"exit status {self._status}: {text[-300:]}"

    def _run(self, pieces: Sequence[Piece], numbers: Sequence[int], until_s: float) -> None:
        lines = self._home / "lines"
        lines.write_text("".join(f"{pieces[number].key} {number}\n" for number in numbers))
        with lines.open("rb") as given:
            process = subprocess.Popen(
                self._words(),
                stdin=given,
                stdout=subprocess.DEVNULL,
                stderr=self._complaints,
                cwd=self._scratch,
                env=self._environment(),
                start_new_session=True,
            )
        try:
            self.was_stopped = not self._wait(process.pid, until_s)
        finally:
            self._group.kill()
            with suppress(ProcessLookupError):  # should it have died before it entered the group
                process.send_signal(signal.SIGKILL)
            self._status = process.wait()

    def _words(self) -> list[str]:
        words = self._rival.words(str(self._scratch / PROGRAM))
        inside = self._told.lay_over(words) if self._told else words
        return ["sh", "-c", _ENTER, self._group.entrance, *inside]

    def _environment(self) -> dict[str, str]:
        """Whatever a rival remembers, it remembers in a home of its own."""
        home = str(self._home)
        return {**os.environ, "HOME": home, "PROCESSION_HOME": f"{home}/state", "PARALLEL_HOME": f"{home}/parallel"}

    def _wait(self, pid: int, until_s: float) -> bool:
        """Wait for its end; False if the time is over before."""
        pidfd = os.pidfd_open(pid)
        try:
            while (left_s := until_s - time.monotonic()) > 0:
                if select.select([pidfd], [], [], min(LOOK_S, left_s))[0]:
                    return True
                if self._told:
                    self._told.update()
            return False
        finally:
            os.close(pidfd)
