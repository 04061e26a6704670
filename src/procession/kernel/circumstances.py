"""What this process hands on to its children without a word: the file mode mask and the soft limits.

Not here: what a child is told outright.
"""

from __future__ import annotations

import re
import resource
from functools import cache

from procession.kernel.files import read_file

_UMASK = re.compile(rb"^Umask:\t([0-7]+)$", re.MULTILINE)


def read_umask() -> int | None:
    """Read the mask where it can be read: umask(2) would change it, for every thread, to tell it."""
    found = _UMASK.search(read_file("/proc/self/status"))
    return int(found[1], 8) if found else None


def soft_limits() -> dict[int, int]:
    """Give each by the number of its resource."""
    return {number: resource.getrlimit(number)[0] for number in _resources()}


@cache
def _resources() -> tuple[int, ...]:
    return tuple(sorted({getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}))
