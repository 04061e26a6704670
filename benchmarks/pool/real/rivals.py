"""Who runs the tasks: each gets one line per task, `KEY NUMBER`, on standard input, and does with it what it does.

All of them try again what the kernel killed: those that can by themselves, the others as their users would, by being
given again what is missing.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable

from msgspec import Struct

RETRIES = 9
SCALED_MEMFREE = f"{1024 // 16}M"
MANY = 50


class Rival(Struct, frozen=True, kw_only=True):
    """A way to run a list.

    words: its command line, given the program of the tasks. needs: what must be installed. is_told: it looks at
    /proc/meminfo, where a group's limit cannot be seen, so it gets one that shows its group as the machine.
    learns: it did other tasks of the same keys before, unmeasured, and keeps what it remembers.
    """

    name: str
    words: Callable[[str], list[str]]
    needs: str | None = None
    is_told: bool = False
    learns: bool = False
    is_extra: bool = False

    @property
    def absence(self) -> str | None:
        """Why it cannot take part, if it cannot."""
        wanted = [self.needs, "unshare" if self.is_told else None]
        missing = [each for each in wanted if each and shutil.which(each) is None]
        return f"{missing[0]} is not installed" if missing else None


def _parallel(*options: str) -> Callable[[str], list[str]]:
    given = ["parallel", "--will-cite", "--colsep", " ", "--retries", str(RETRIES + 1), *options]
    return lambda program: [*given, program, "{1}", "{2}"]


def _xargs(limit: int) -> Callable[[str], list[str]]:
    """Give up no list: xargs would, when a command dies of a signal; a shell between them keeps that from it."""
    return lambda program: ["xargs", "-P", str(limit), "-L", "1", "sh", "-c", '"$0" "$@" || exit 1', program]


def _procession(program: str) -> list[str]:
    options = ["--colsep", " ", "--no-bar", "--retries", str(RETRIES)]
    return [sys.executable, "-m", "procession", "map", *options, "--", program, "{1}", "{2}"]


RIVALS = (
    Rival(name="parallel -j2", words=_parallel("-j2"), needs="parallel"),
    Rival(name="xargs -P4", words=_xargs(4), needs="xargs"),
    Rival(name="parallel -j8", words=_parallel("-j8"), needs="parallel"),
    Rival(
        name=f"parallel -j{MANY} --memfree {SCALED_MEMFREE}",
        words=_parallel(f"-j{MANY}", "--memfree", SCALED_MEMFREE),
        needs="parallel",
        is_told=True,
    ),
    Rival(name=f"parallel -j{MANY} --load 100%", words=_parallel(f"-j{MANY}", "--load", "100%"), needs="parallel"),
    Rival(name="procession map", words=_procession),
    Rival(name="procession map, learned", words=_procession, learns=True, is_extra=True),
    Rival(
        name=f"parallel -j{MANY} --memfree {SCALED_MEMFREE}, untold",
        words=_parallel(f"-j{MANY}", "--memfree", SCALED_MEMFREE),
        needs="parallel",
        is_extra=True,
    ),
    Rival(
        name=f"parallel -j{MANY} --memfree {SCALED_MEMFREE} --load 100%",
        words=_parallel(f"-j{MANY}", "--memfree", SCALED_MEMFREE, "--load", "100%"),
        needs="parallel",
        is_told=True,
        is_extra=True,
    ),
    Rival(name="xargs -P2", words=_xargs(2), needs="xargs", is_extra=True),
    Rival(name="xargs -P16", words=_xargs(16), needs="xargs", is_extra=True),
)
"""Those marked as extra run only when they are asked for by name."""
