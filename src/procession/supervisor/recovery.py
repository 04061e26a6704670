"""Taking up, at the start, what an earlier supervisor left: the store says what was, the keeper and the kernel what is.

Adopts the living, completes the dead, calls lost only what is lost; nothing is started twice, no stranger is touched.
The judgement itself is pure: `procession.policy.recovery`.
"""

from __future__ import annotations

import logging
import os
import time
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from procession.kernel import memory_group
from procession.kernel.fork_exec import Child
from procession.model.event import Adopted, Requeued
from procession.model.outcome import Outcome
from procession.model.record import AttemptRecord, Phase
from procession.model.state import State
from procession.model.stdio import Log
from procession.policy.recovery import Ended, Fate, Found, Kept, NeverStarted, Orphaned, judge_attempt
from procession.policy.running_time import running_s
from procession.process.boot import boot_id, is_alive
from procession.process.kept_leader import EndedLeader, KeptLeader, open_leader
from procession.process.no_tree import NoTree
from procession.process.relaunch import find_tree, relaunch
from procession.process.relayed_notices import RelayedSource
from procession.supervisor.custody import VAULT_KEYS
from procession.supervisor.endings import wished
from procession.supervisor.entry import Entry
from procession.supervisor.equipment import equipped

if TYPE_CHECKING:
    from procession.model.command import Command
    from procession.process.leader import Leader
    from procession.process.tree import Tree
    from procession.supervisor.conductor import Conductor
    from procession.supervisor.custody import Custody

logger = logging.getLogger("procession.recovery")

_TOLD_ONCE = frozenset({"exited", "closed", "done", "output_ended", "output_leaked", "stopping", "tree_empty"})


class Recovery:
    """One recovery. ``adopted``, ``requeued``, ``ended`` count what became of the attempts that were under way."""

    def __init__(self, conductor: Conductor, custody: Custody) -> None:
        greeting = custody.greeting
        assert greeting is not None
        self.adopted = self.requeued = self.ended = 0
        self._conductor = conductor
        self._custody = custody
        self._greeting = greeting
        self._store = custody.ledger.store
        not_over = self._store.attempts_not_over()
        self._attempts = {(each.task, each.attempt): each for each in not_over}
        self._owners = _owners(not_over)
        self._watched: set[int] = set()
        self._held: dict[int, dict[str, int]] = {}
        for (key, name), descriptor in greeting.held.items():
            if descriptor is not None:
                self._held.setdefault(key, {})[name] = descriptor  # of an attempt, or given into care by a task

    def run(self) -> None:
        """Take up every task that is not over."""
        for record in self._store.unfinished():
            entry = Entry.of(record)
            self._restore_stored(entry)
            self._conductor.accept(entry)
        for entry in self._conductor.registry:
            if entry.view.state is State.QUEUED:
                self._requeue_as_it_was(entry)
            else:
                self._take_up(entry, self._last_attempt(entry))
        self._end_what_is_left()
        memory_group.sweep()
        self._custody.open()

    def _restore_stored(self, entry: Entry) -> None:
        for label, descriptor in self._held.pop(VAULT_KEYS + entry.number, {}).items():
            entry.stored.restore(label, descriptor)
        entry.stored.vault = self._custody.vault(entry.number)

    def _requeue_as_it_was(self, entry: Entry) -> None:
        wait_s = 0.0 if entry.due_at is None else max(entry.due_at - self._conductor.clock.time(), 0.0)
        self._conductor.settle_later(entry, wait_s)

    def _last_attempt(self, entry: Entry) -> AttemptRecord | None:
        """Give the record of its present attempt: an attempt is over an instant before its task is told so."""
        record = self._attempts.pop((entry.id, entry.view.attempt), None)
        if record is None:
            told = [each for each in self._store.attempts(entry.id) if each.attempt == entry.view.attempt]
            record = told[-1] if told else None
        return record

    def _tree(self, record: AttemptRecord) -> Tree:
        """Find its tree; a group that was given back, and to somebody else since, is not its own any more."""
        leaf = record.tree.leaf
        if record.phase is Phase.OVER or (leaf is not None and self._owners.get(leaf) != record.key):
            return NoTree()
        return find_tree(record, self._custody.keeper.base)

    def _take_up(self, entry: Entry, record: AttemptRecord | None) -> None:
        now = self._conductor.clock.time()
        tree = None if record is None else self._tree(record)
        match judge_attempt(record, self._look_for(record, tree), now):
            case NeverStarted():
                self._start_again(entry, record, tree)
            case fate:
                assert record is not None
                assert tree is not None
                self._adopt(entry, record, tree, fate)

    def _start_again(self, entry: Entry, record: AttemptRecord | None, tree: Tree | None) -> None:
        self.requeued += 1
        if record is not None and tree is not None:
            tree.close()
            self._custody.ledger.note_attempt(msgspec.structs.replace(record, phase=Phase.OVER))
        self._conductor.record(Requeued(at=self._conductor.clock.time()).of(entry.id, entry.view.attempt))
        self._conductor.settle(entry)

    def _look_for(self, record: AttemptRecord | None, tree: Tree | None) -> Found:
        if record is None or tree is None:
            return Found()
        leader = record.leader
        return Found(
            keeper_runs=record.key in self._greeting.running,
            keeper_ended=record.key in self._greeting.ended,
            written=record.exit,
            is_same_boot=leader is None or leader.boot_id == boot_id(),
            is_same_keeper=not self._custody.keeper.is_new,
            leader_lives=leader is not None and is_alive(leader),
            tree_lives=not tree.is_empty(),
        )

    def _leader(self, record: AttemptRecord, fate: Fate) -> Leader:
        pid = record.leader.pid if record.leader is not None else 0
        match fate:
            case Kept():
                self._watched.add(record.key)
                child = self._greeting.running.pop(record.key, None) or Child(
                    self._greeting.ended.get(record.key, pid), None
                )
                return KeptLeader(child, record.key, self._custody.keeper.link)
            case Orphaned():
                assert record.leader is not None
                return KeptLeader(Child(pid, open_leader(pid, record.leader.start_ticks)), record.key, None)
            case Ended(fact):
                return EndedLeader(pid, fact)
        raise AssertionError(fate)

    def _adopt(self, entry: Entry, record: AttemptRecord, tree: Tree, fate: Fate) -> None:
        self.ended += isinstance(fate, Ended)
        self.adopted += not isinstance(fate, Ended)
        events = self._events(entry)
        closed = next((event for event in events if event["event"] == "closed"), None)
        if record.phase is Phase.OVER and closed is not None:  # the verdict stands; only what follows was not told
            outcome = msgspec.convert(closed["outcome"], Outcome)
            self._conductor.conclude(entry, wished(entry.wish, outcome))
            return
        leader = self._leader(record, fate)
        entry.told = frozenset(str(event["event"]) for event in events) & _TOLD_ONCE
        if record.leader is None and leader.pid:
            tree.take_leader(leader.pid)
        entry.log_offsets = _offsets_by_path(record, entry.task.command)
        held = self._held.pop(record.key, {})
        ran_s = running_s(events, time.time())
        notice_path = self._custody.keeper.notice_path(record.key)
        self._custody.keeper.link.notices.expect(record.key)
        relay = partial(RelayedSource, self._custody.keeper.link.notices, record.key)
        launched = relaunch(
            record, equipped(entry), leader, tree, held=held, ran_s=ran_s, notice_path=notice_path, relay=relay
        )
        if entry.view.state is not State.STARTING:
            adopted = Adopted(at=time.time(), pid=leader.pid, orphaned=isinstance(fate, Orphaned))
            self._conductor.record(adopted.of(entry.id, entry.view.attempt))
        self._conductor.adopt(entry, self._custody.adopt(entry, record, launched, holds=bool(held)))

    def _events(self, entry: Entry) -> list[dict[str, object]]:
        """Give what was told of the present attempt."""
        told = (msgspec.json.decode(body) for _, body in self._store.events(0, tasks=[entry.id], limit=100_000))
        return [event for event in told if event.get("attempt") == entry.view.attempt]

    def _end_what_is_left(self) -> None:
        """Kill attempts that nobody wants any more, cancelled while they started; leave alone what we do not know."""
        for record in self._attempts.values():
            child = self._greeting.running.pop(record.key, None)
            tree = self._tree(record)
            tree.kill()
            if child is not None:
                KeptLeader(child, record.key, self._custody.keeper.link).end_at_once()
            self._custody.ledger.note_attempt(msgspec.structs.replace(record, phase=Phase.OVER))
        for key, child in self._greeting.running.items():
            logger.warning("the keeper runs process %d for an attempt %d that the store does not know", child.pid, key)
            KeptLeader(child, key, self._custody.keeper.link).release()
        for key, held in self._held.items():
            for descriptor in held.values():
                os.close(descriptor)
            self._custody.keeper.link.drop(key)
        self._custody.keeper.link.notices.forget_unclaimed()
        for key in self._greeting.ended.keys() - self._watched:  # written down, or of no interest: acknowledged next
            self._custody.keeper.link.forget(key)


def _offsets_by_path(record: AttemptRecord, command: Command) -> dict[str, int]:
    logs = {name: getattr(command, name) for name in record.offsets}
    return {log.path: record.offsets[name] for name, log in logs.items() if isinstance(log, Log)}


def _owners(not_over: list[AttemptRecord]) -> dict[str, int]:
    """Say which attempt each control group belongs to: whoever has exited may have given it back already."""
    by_age = sorted(not_over, key=lambda each: (each.phase is not Phase.EXITED, each.key))
    return {each.tree.leaf: each.key for each in by_age if each.tree.leaf is not None}
