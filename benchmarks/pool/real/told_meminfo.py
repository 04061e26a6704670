"""A stand-in for /proc/meminfo that shows a control group as if it were the machine.

For rivals that know no groups: seen through it, they decide as they would on a machine of that size. It lies over the
real file in a mount namespace of the rival's own, so that it is gone with the rival.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.pool.real.control_group import Group

_FORM = """MemTotal:       {total} kB
MemFree:        {free} kB
MemAvailable:   {free} kB
Buffers:        0 kB
Cached:         0 kB
SwapCached:     0 kB
SwapTotal:      0 kB
SwapFree:       0 kB
"""


class ToldMeminfo:
    """The file, to be brought up to date now and then."""

    def __init__(self, path: Path, group: Group) -> None:
        """Write it for the first time."""
        self._path = path
        self._group = group
        self.update()

    def update(self) -> None:
        """Write what the group has left, in place and in one piece: the mount shows this file and no other."""
        limit_bytes = self._group.limit_bytes
        free_bytes = max(limit_bytes - self._group.used_bytes(), 0)
        text = _FORM.format(total=f"{limit_bytes // 1024:>12}", free=f"{free_bytes // 1024:>12}")
        if not self._path.exists():
            self._path.write_text(text)
            return
        with self._path.open("r+b", buffering=0) as file:
            file.write(text.encode())

    def lay_over(self, words: list[str]) -> list[str]:
        """Give the command that runs `words` where the stand-in is seen."""
        script = 'mount --bind "$0" /proc/meminfo && exec "$@"'
        return ["unshare", "--mount", "sh", "-c", script, str(self._path), *words]
