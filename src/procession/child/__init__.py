"""REPORTS: what a program under somebody's care imports to speak about itself: ``from procession import child``.

Standard library only, and light: each name is loaded when it is first used. Without anybody who listens every function
does nothing and raises nothing. Safe in threads; the same for asyncio: `procession.child.aio`. See docs/guide/child.md.
"""

from __future__ import annotations

from procession.child.surroundings import supervised as supervised

TYPE_CHECKING = False  # what type checkers take for True; the module that defines it costs more than all else here

_FILES = {
    "conversation": "Request disconnect messages on_checkpoint request send",
    "marker": "done",
    "reports": ("checkpoint_saved extend_timeout heartbeat notify progress ready reloading session status stopping"),
}
_FILE_OF = {name: file for file, names in _FILES.items() for name in names.split()}

__all__ = sorted({*_FILE_OF, "supervised"})  # noqa: PLE0605 - computed once, from the table above

if TYPE_CHECKING:
    from procession.child.conversation import (
        Request as Request,
    )
    from procession.child.conversation import (
        disconnect as disconnect,
    )
    from procession.child.conversation import (
        messages as messages,
    )
    from procession.child.conversation import (
        on_checkpoint as on_checkpoint,
    )
    from procession.child.conversation import (
        request as request,
    )
    from procession.child.conversation import (
        send as send,
    )
    from procession.child.marker import done as done
    from procession.child.reports import (
        checkpoint_saved as checkpoint_saved,
    )
    from procession.child.reports import (
        extend_timeout as extend_timeout,
    )
    from procession.child.reports import (
        heartbeat as heartbeat,
    )
    from procession.child.reports import (
        notify as notify,
    )
    from procession.child.reports import (
        progress as progress,
    )
    from procession.child.reports import (
        ready as ready,
    )
    from procession.child.reports import (
        reloading as reloading,
    )
    from procession.child.reports import (
        session as session,
    )
    from procession.child.reports import (
        status as status,
    )
    from procession.child.reports import (
        stopping as stopping,
    )


def __getattr__(name: str) -> object:
    file = _FILE_OF.get(name)
    if file is None:
        message = f"module 'procession.child' has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(__import__(f"procession.child.{file}", fromlist=[name]), name)  # importlib costs a millisecond
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
