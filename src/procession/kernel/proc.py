"""Reading /proc. Processes vanish while one looks: every reader answers None or nothing then, and never raises.

Source: proc(5). The second field of ``stat`` may contain anything, so fields are counted from its last parenthesis.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

from procession.kernel.files import read_file, read_surely

ZOMBIE_STATES = frozenset("ZXx")
STOPPED_STATES = frozenset("Tt")

_PF_EXITING = 0x4
_EXEC_PATIENCE_S = 0.1
_EXEC_PAUSE_S = 0.00005
_VSIZE, _START_CODE, _ENV_END = 20, 23, 48  # where they stand after the name


@dataclass(frozen=True, slots=True)
class ProcessStat:
    """One line of ``/proc/<pid>/stat``: who it is, whose it is. ``start_ticks`` is its start since boot, in ticks."""

    pid: int
    name: str
    state: str
    ppid: int
    process_group: int
    session: int
    threads: int
    start_ticks: int
    flags: int = 0

    @property
    def is_gone(self) -> bool:
        """Whether it is dead in all but name. A leader thread that ended while others run is not (pthread_exit)."""
        return self.state in ZOMBIE_STATES and self.threads <= 1

    @property
    def is_ending(self) -> bool:
        """Whether its first thread is on its way out: in no control group any more, and no zombie yet."""
        return bool(self.flags & _PF_EXITING)


def read_stat(pid: int) -> ProcessStat | None:
    """Read who ``pid`` is now; None if there is no such process."""
    line = read_file(f"/proc/{pid}/stat")
    if not line:
        return None
    opening, closing = line.find(b"("), line.rfind(b")")
    fields = line[closing + 2 :].split()
    return ProcessStat(
        pid=pid,
        name=line[opening + 1 : closing].decode(errors="replace"),
        state=fields[0].decode(),
        ppid=int(fields[1]),
        process_group=int(fields[2]),
        session=int(fields[3]),
        threads=int(fields[17]),
        start_ticks=int(fields[19]),
        flags=int(fields[6]),
    )


def scan_stats() -> Iterator[ProcessStat]:
    """Give every process there is, one after the other."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            stat = read_stat(int(entry))
            if stat is not None:
                yield stat


def newest_pid() -> int:
    """Give the number that was handed out last, to a process or a thread. Raises: OSError: no descriptor left."""
    return int(read_surely("/proc/loadavg").split()[-1])


def is_other_thread(stat: ProcessStat) -> bool:
    """Whether the number is that of a thread other than the first. /proc lists those not, but shows them if asked."""
    return stat.threads > 1 and b"\nTgid:\t%d\n" % stat.pid not in read_file(f"/proc/{stat.pid}/status")


def read_environment(pid: int) -> list[bytes]:
    """Give the ``NAME=value`` strings it was started with; nothing if it is gone or not ours to see.

    In the middle of an exec it has none for a moment, which is waited for, up to 100 ms:
    docs/design/gotchas.md, "A process has no environment in the middle of an exec".
    """
    environ = f"/proc/{pid}/environ"
    text = read_file(environ)
    if not text:
        _wait_for_exec(pid)
        text = read_file(environ)
    return text.split(b"\0")


def read_arguments(pid: int) -> list[str]:
    """Give its arguments; nothing for a zombie or a kernel thread."""
    text = read_file(f"/proc/{pid}/cmdline").rstrip(b"\0")
    return [os.fsdecode(each) for each in text.split(b"\0")] if text else []


def _wait_for_exec(pid: int) -> None:
    patience_ends = time.monotonic() + _EXEC_PATIENCE_S
    while _is_in_exec(pid) and time.monotonic() < patience_ends:
        time.sleep(_EXEC_PAUSE_S)  # it may wait for the very processor that we are on


def _is_in_exec(pid: int) -> bool:
    """Whether it has memory already, but no end of its environment. A stranger's are hidden: his code starts at 1."""
    line = read_file(f"/proc/{pid}/stat")
    fields = line[line.rfind(b")") + 2 :].split()
    return bool(fields) and fields[_VSIZE] != b"0" and fields[_START_CODE] != b"1" and fields[_ENV_END] == b"0"
