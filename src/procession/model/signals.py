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
    text = given.strip().upper()
    if text.isascii() and text.isdigit():
        return signal_number(int(text))
    base, plus, offset = text.removeprefix("SIG").partition("+")
    if plus and base == "RTMIN" and offset.isdigit():
        return signal_number(int(signal.SIGRTMIN) + int(offset))
    try:
        return int(signal.Signals[f"SIG{text.removeprefix('SIG')}"])
    except KeyError:
        raise InvalidSignal(given) from None
