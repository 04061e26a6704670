"""Who is tried first of those that wait. Pure.

Those that were passed over for too long, by age; then the unknown, to learn; then the largest: how long it will run
times the share of the machine it takes then, of memory or of processors, whichever is more ("dominant share"). Small
ones fill the gaps beside large ones, and are there to the end to do so. Only whoever will run for half of the time that
all of it will take, or longer, goes before: it cannot be made up for. Largest first is the rule of Graham for parallel
machines ("Bounds on multiprocessing timing anomalies", 1969); what else was tried: docs/design/admission.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from procession.model.machine import Machine
from procession.policy.admission import Queued
from procession.policy.claims import Claim

_LONG: Final = 0.5

Candidate = tuple[Queued, Claim]


def in_order(
    candidates: Sequence[Candidate], machine: Machine, is_overdue: Callable[[Queued], bool]
) -> list[Candidate]:
    """Give them in the order in which they are tried."""
    long_s = _LONG * _all_of_it_s(candidates, machine)

    def place(candidate: Candidate) -> tuple[int, float, int]:
        queued, claim = candidate
        if is_overdue(queued):
            return 0, 0.0, queued.number
        if claim.duration_s is None:
            return 1, 0.0, queued.number
        if claim.duration_s > long_s:
            return 2, -claim.duration_s, queued.number
        return 3, -claim.duration_s * max(_shares(claim, machine)), queued.number

    return sorted(candidates, key=place)


def _all_of_it_s(candidates: Sequence[Candidate], machine: Machine) -> float:
    """Say how long all that waits will take at least, if nothing were left idle of what is scarcest."""
    known = [(queued.count * (claim.duration_s or 0.0), _shares(claim, machine)) for queued, claim in candidates]
    return max(sum(seconds * shares[of] for seconds, shares in known) for of in (0, 1))


def _shares(claim: Claim, machine: Machine) -> tuple[float, float]:
    return claim.mean_bytes / machine.memory_total_bytes, claim.cpus / machine.cpus
