"""`python -m procession.child`: the same for shell scripts, in the light form. Each word is said in the order given.

    python -m procession.child ready [STATUS] | status TEXT | progress SHARE [--phase WORD] | heartbeat | stopping
                               | extend SECONDS | checkpoint PATH [NAME=VALUE…] | session ID | done [JSON] | send JSON

SHARE: ``0.4``, ``40%`` or ``2/5``. Without anybody who listens nothing happens, and the exit status is 0.
`procession notify` is the comfortable form.
"""

from __future__ import annotations

import sys

from procession.child import reports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

USAGE = (__doc__ or "").partition("\n\n")[2]


def main(arguments: list[str]) -> int:
    """Do what is asked; 2 for what cannot be understood."""
    verb, given = (arguments or [""])[0], arguments[1:]
    does = _DOES.get(verb)
    if does is None:
        print(USAGE, file=sys.stdout if verb in ("-h", "--help") else sys.stderr)
        return 0 if verb in ("-h", "--help") else 2
    try:
        does(*given)
    except (TypeError, ValueError) as error:
        print(f"procession.child: {verb}: {error}\n\n{USAGE}", file=sys.stderr)  # noqa: T201 - a command line
        return 2
    except OSError as error:
        print(f"procession.child: {verb}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def read_share(text: str) -> float:
    """Read ``0.4``, ``40%`` or ``2/5``. Raises: ValueError."""
    try:
        if text.endswith("%"):
            return float(text[:-1]) / 100
        part, _, whole = text.partition("/")
        return float(part) / float(whole or 1)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"expected a share like 0.4, 40% or 2/5, got {text!r}") from None


def _progress(share: str, option: str = "", phase: str | None = None) -> None:
    if option not in ("", "--phase") or (option and phase is None):
        raise ValueError("expected --phase WORD")
    reports.progress(read_share(share), phase=phase)


def _extend(seconds: str) -> None:
    reports.extend_timeout(float(seconds))


def _checkpoint(path: str, *facts: str) -> None:
    for fact in facts:
        if "=" not in fact:
            raise ValueError(f"expected NAME=VALUE, got {fact!r}")
    reports.checkpoint_saved(path, **dict(fact.split("=", 1) for fact in facts))


def _done(result: str = "null") -> None:
    import json

    from procession.child.marker import done

    done(json.loads(result))


def _send(message: str) -> None:
    import json

    from procession.child.conversation import send

    send(json.loads(message))


_DOES: dict[str, Callable[..., None]] = {
    "ready": reports.ready,
    "status": reports.status,
    "progress": _progress,
    "heartbeat": reports.heartbeat,
    "stopping": reports.stopping,
    "extend": _extend,
    "checkpoint": _checkpoint,
    "session": reports.session,
    "done": _done,
    "send": _send,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
