"""Why somebody waits, as sentences: written only when somebody reads them, since a decision is made much more often."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from procession.model.amounts import format_size
from procession.policy.claims import Claim

Refusal = tuple[str] | tuple[float, float, float] | tuple[Claim, float, int, int]
"""A sentence; processors needed, free, and in all; or a claim, the room for it, all memory, and how many still grow."""


class Reasons(Mapping[str, str]):
    """By id."""

    def __init__(self, refusals: dict[str, Refusal]) -> None:
        self._refusals = refusals

    def __getitem__(self, id: str) -> str:  # noqa: A002 - the word of the whole house
        return f"waiting: {_said(self._refusals[id])}"

    def __iter__(self) -> Iterator[str]:
        return iter(self._refusals)

    def __len__(self) -> int:
        return len(self._refusals)


def free(room: float) -> str:
    """Say how much memory is free for newcomers."""
    return f"{format_size(max(room, 0.0))} free"


def _said(refusal: Refusal) -> str:
    match refusal:
        case [str() as sentence]:
            return sentence
        case [Claim() as claim, room, total_bytes, growing]:
            return (
                f"needs about {format_size(claim.memory_bytes)} ({claim.source}), "
                f"{free(room)} of {format_size(total_bytes)}, "
                f"{growing} running task{'s' * (growing != 1)} still growing"
            )
        case [float() as wanted, left, cpus]:
            return f"needs {wanted:.1f} processors, {max(left, 0.0):.1f} of {cpus:g} free"
    raise AssertionError(refusal)
