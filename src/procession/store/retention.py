"""What may go: ended tasks, by age, by count, by the size of their logs, the oldest first.

A pure decision. Not here: removing them (``Store.expire``), and their logs, which are the caller's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple


class Ended(NamedTuple):
    """A task that has ended, and when."""

    id: str
    at: float


def choose_expired(
    ended: Sequence[Ended],
    *,
    now: float,
    older_than_s: float | None = None,
    keep: int | None = None,
    max_log_bytes: int | None = None,
    log_sizes: Mapping[str, int] | None = None,
    needed: Collection[str] = (),
) -> list[str]:
    """Give the ids that any of the rules given lets go, the oldest first. What is ``needed`` stays, and counts not.

    older_than_s: since its end. keep: so many of the newest stay. max_log_bytes: what the logs of those that stay may
    take together, the needed ones included; a task without a log is not removed for the room of others.
    """
    spare = sorted((each for each in ended if each.id not in needed), key=lambda each: each.at)
    chosen = dict.fromkeys(_too_many(spare, keep))
    if older_than_s is not None:
        chosen |= dict.fromkeys(each.id for each in spare if now - each.at > older_than_s)
    if max_log_bytes is not None:
        sizes = log_sizes or {}
        left = sum(sizes.get(each.id, 0) for each in ended if each.id not in chosen)
        rest = [each for each in spare if each.id not in chosen]
        chosen |= dict.fromkeys(_too_large(rest, sizes, left - max_log_bytes))
    return [each.id for each in spare if each.id in chosen]


def _too_many(spare: Sequence[Ended], keep: int | None) -> list[str]:
    if keep is None:
        return []
    return [each.id for each in spare[: max(0, len(spare) - keep)]]


def _too_large(spare: Sequence[Ended], sizes: Mapping[str, int], excess_bytes: int) -> list[str]:
    chosen = []
    for each in spare:
        if excess_bytes <= 0:
            break
        if size := sizes.get(each.id, 0):
            chosen.append(each.id)
            excess_bytes -= size
    return chosen
