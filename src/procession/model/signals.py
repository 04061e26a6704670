"""Signals by name and number."""

from __future__ import annotations

import signal

from procession.errors import InvalidSignal

SIGNAL_MAX = 64


def signal_number(given: str | int) -> int:
    """Turn ``TERM``, ``SIGTERM``, ``term``, ``"15"`` or ``15`` into 15.

    Raises: InvalidSignal: for 0, negative, over 64 or unknown names.
    """
    if isinstance(given, str):
        return _number_of_name(given)
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= SIGNAL_MAX:
        raise InvalidSignal(given)
    return int(given)


def signal_or_probe(given: str | int) -> int:
    """Do the same, and take 0, too, which is sent to nobody: it only asks whether somebody lives."""
    is_zero = given in (0, "0") and not isinstance(given, bool)
    return 0 if is_zero else signal_number(given)


def signal_name(number: int) -> str:
    """Give a printable name for any number, known or not: ``SIGKILL``, ``SIGRTMIN+6``, ``signal 77``."""
    try:
        return signal.Signals(number).name
    except ValueError:
        pass
    if signal.SIGRTMIN < number < signal.SIGRTMAX:
        return f"SIGRTMIN+{number - signal.SIGRTMIN}"
    return f"signal {number}"


def _number_of_name(given: str) -> int:
    name = given.strip().upper().removeprefix("SIG")
    base, plus, offset = name.partition("+")
    if _is_small_number(name) and not given.strip().upper().startswith("SIG"):
        number = int(name)
    elif plus and base == "RTMIN" and _is_small_number(offset):
        number = int(signal.SIGRTMIN) + int(offset)
    else:
        number = int(getattr(signal.Signals, f"SIG{name}", 0))
    if not 1 <= number <= SIGNAL_MAX:
        raise InvalidSignal(given)
    return number


def _is_small_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3
