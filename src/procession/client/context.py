"""The circumstances of this process, for tasks that a daemon starts: as if they had been started here and now."""

from __future__ import annotations

import os
import resource

from procession.kernel.circumstances import read_umask
from procession.model.context import Context
from procession.model.limits import RESOURCE_NAMES
from procession.process.environment import MEANT_FOR_US


def capture_context() -> Context:
    """Give this process's variables, directory, file mode mask, niceness and soft limits.

    A variable that is no UTF-8 is left out: JSON cannot carry it.
    """
    return Context(
        env={name: value for name, value in os.environ.items() if name not in MEANT_FOR_US and _is_text(name + value)},
        cwd=os.getcwd(),
        umask=read_umask(),
        nice=os.getpriority(os.PRIO_PROCESS, 0),
        soft={name: _soft_limit(name) for name in sorted(RESOURCE_NAMES)},
    )


def _is_text(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= each <= "\udfff" for each in text)


def _soft_limit(name: str) -> int:
    soft, _ = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))
    return -1 if soft == resource.RLIM_INFINITY else soft
