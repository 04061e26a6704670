"""What became of an attempt while nobody looked: judged from what the store, the keeper and the machine say. Pure.

The order matters: who is told to be alive by its parent is alive; an exit that somebody wrote down happened; a process
that is still itself (boot, pid and start) runs without a parent we know; what is left is lost, and says so. Nothing is
started again unless the keeper, which is the same as before, says that it never started it, or its start failed.
"""

from __future__ import annotations

from msgspec import Struct

from procession.model.record import AttemptRecord, ExitFact, Phase


class Found(Struct, frozen=True, kw_only=True):
    """What was found of one attempt.

    keeper_runs: its keeper has it running. keeper_ended: its keeper has its exit. written: an exit that stands in the
    store or the journal. is_same_boot: the machine was not restarted since. is_same_keeper: the keeper that was to
    start it is the one we talk to. leader_lives: a process with its identity. tree_lives: anybody in its tree.
    """

    keeper_runs: bool = False
    keeper_ended: bool = False
    written: ExitFact | None = None
    is_same_boot: bool = True
    is_same_keeper: bool = True
    leader_lives: bool = False
    tree_lives: bool = False


class Kept(Struct, frozen=True):
    """Its keeper cares for it, or has its exit for us: go on as if nothing had happened."""


class Ended(Struct, frozen=True):
    """It ended; ``fact`` says how, or that nobody knows."""

    fact: ExitFact


class Orphaned(Struct, frozen=True):
    """It runs, but its keeper is gone: it can be followed and ended; its exit status only the kernel may tell."""


class NeverStarted(Struct, frozen=True):
    """Nothing was started: the same attempt is queued again."""


Fate = Kept | Ended | Orphaned | NeverStarted

_REBOOTED = "the machine was restarted while it ran"
_UNSEEN = "it ended while neither supervisor nor keeper lived"
_UNBORN = "supervisor and keeper ended while it was being started"


def judge_attempt(record: AttemptRecord | None, found: Found, now: float) -> Fate:  # noqa: PLR0911 - a list of cases
    """Say what became of the attempt of ``record``; without one nothing was ever asked of a keeper."""
    if record is None:
        return NeverStarted()
    if found.keeper_runs or found.keeper_ended:
        return Kept()
    if found.written is not None:
        return Ended(found.written)
    if record.phase is Phase.OVER:
        return NeverStarted()
    if not found.is_same_boot:
        return Ended(ExitFact(status=None, at=now, lost=_REBOOTED))
    if found.leader_lives:
        return Orphaned()
    if record.phase is Phase.INTENDED:
        if found.is_same_keeper and not found.tree_lives:
            return NeverStarted()
        return Ended(ExitFact(status=None, at=now, lost=_UNBORN))
    return Ended(ExitFact(status=None, at=now, lost=_UNSEEN))
