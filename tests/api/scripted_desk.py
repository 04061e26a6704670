"""A supervisor that does what it is told: tasks in memory, no processes, events that count as on disk at once."""

# ruff: noqa: A002, ARG002, D102 - names, arguments and sentences are those of the port

import asyncio
import os
import time

import msgspec

from procession.errors import AlreadyEnded, Conflict, StoreUnavailable, UnknownTask, UsageError
from procession.model.checkpoint import Checkpoint, SaveReport
from procession.model.cleaning import Cleaned
from procession.model.details import TaskDetails
from procession.model.event import Ended, Started, Submitted
from procession.model.finding import Finding
from procession.model.outcome import Outcome, OutcomeKind
from procession.model.selection import select
from procession.model.state import State
from procession.model.status import Parting, Status
from procession.model.table_row import table_row
from procession.model.usage import UsageHistory
from procession.model.view import view_of
from procession.model.why import Why


class ScriptedDesk:
    """Fills the port `Desk`; `start` and `end` move a task on, `calls` tells what was asked."""

    def __init__(self, logs="/nowhere"):
        self.logs = str(logs)
        self.views, self.over, self.replies, self.calls, self.saved = {}, {}, {}, [], {}
        self.events, self.subscribers, self.removed_events = [], [], 0
        self.is_draining = self.is_disk_full = self.is_shut_down = False
        self.samples = ()
        self.hold = None  # an asyncio.Event that submitting input waits for

    # --- the script

    def start(self, id, pid=4242):
        self._change(id, state=State.RUNNING, pid=pid, started_at=time.time())
        self._tell(Started(at=time.time(), pid=pid).of(id, 1))

    def end(self, id, code=0):
        kind = OutcomeKind.FAILED if code else OutcomeKind.SUCCEEDED
        outcome = Outcome(kind=kind, code=code)
        view = self._change(id, state=State.ENDED, outcome=outcome, ended_at=time.time())
        self._tell(Ended(at=time.time(), outcome=outcome).of(id, 1))
        self.over[id].set()
        return view

    # --- the port

    def status(self):
        counts = {}
        for view in self.views.values():
            counts[view.state.value] = counts.get(view.state.value, 0) + 1
        state = "draining" if self.is_draining else "running"
        return Status(
            state=state, pid=os.getpid(), keeper_pid=None, version="0", started_at=1.0, counts=counts, home="/h"
        )

    def get(self, id):
        if id not in self.views:
            raise UnknownTask(id)
        return self.views[id]

    def find(self, selection, *, states=(), limit=None):
        found = [each for each in select(selection, self.views.values()) if not states or each.state in states]
        return found if limit is None else found[-limit:]

    def table_rows(self, selection, *, states=(), limit=None):
        return [table_row(each, 100.0) for each in self.find(selection, states=states, limit=limit)]

    def details(self, id):
        paths = {stream: f"{self.logs}/{id}.{stream}" for stream in ("stdout", "stderr")}
        return TaskDetails(task=self.get(id), logs=paths, note=f"{self.logs}/{id}.note")

    def why(self, id):
        view = self.get(id)
        return Why(task=id, state=view.state, reason=view.waiting or "there was room")

    def usage(self, id, *, pss=False):
        self.get(id)
        return UsageHistory(samples=self.samples, pss_bytes=7 if pss else None)

    def checks(self):
        return [Finding("pidfd", True, "the kernel has them")]

    def submit_all(self, tasks, *, context=None, replace=False, now=False):
        self.calls.append(("submit", context, replace))
        ids = []
        for task in tasks:
            id_ = task.name or f"t{len(self.views) + 1}"
            if id_ in self.views and not replace:
                raise Conflict(f"there is a task {id_} already")
            self.views[id_] = view_of(task, id_, "/", 50.0)
            self.over[id_] = asyncio.Event()
            self._tell(Submitted(at=50.0, command=str(task.command)).of(id_, 1))
            ids.append(id_)
        return ids

    def edit(self, id, **changes):
        self.calls.append(("edit", id, changes))
        if self.get(id).state is not State.QUEUED:
            raise UsageError(f"task {id} is not queued any more", task=id)
        known = {name: value for name, value in changes.items() if "." not in name}
        return self._change(id, **known)

    def retry(self, id):
        self.calls.append(("retry", id))
        if not self.get(id).is_over:
            raise UsageError(f"task {id} cannot be retried", task=id)
        self.over[id].clear()
        return self._change(id, state=State.QUEUED, outcome=None, attempt=self.get(id).attempt + 1)

    def remove(self, id):
        self.get(id)
        del self.views[id]

    def drain(self, on):
        self.is_draining = on

    async def stop(self, id, by="user", grace_s=None):
        self.calls.append(("stop", id, grace_s))
        return self.end(id, 15)

    async def kill(self, id, by="user"):
        return self.end(id, 9)

    async def signal(self, id, signal, scope="leader"):
        self.calls.append(("signal", id, signal, scope))
        if self.get(id).is_over:
            raise AlreadyEnded(f"task {id} has ended", pid=self.get(id).pid)
        return self.get(id)

    async def checkpoint(self, id):
        self.calls.append(("checkpoint", id))
        view = self.get(id)
        if view.is_over:
            raise AlreadyEnded(f"task {id} has ended", pid=view.pid)
        if view.state is State.SUSPENDED:
            return SaveReport(task=id, answer="refused", reason="it is suspended, and would not hear it")
        kept = self.checkpoints(id)
        made = Checkpoint(
            task=id,
            number=len(kept) + 1,
            attempt=1,
            at=60.0,
            by="user",
            saved="/h/\udcff",
            can_resume=True,
            reason="so",
        )
        self.saved[id] = [made, *kept]
        return SaveReport(task=id, answer="saved", reason="so", checkpoint=made)

    def checkpoints(self, id):
        self.get(id)
        return self.saved.get(id, [])

    async def suspend(self, id, *, release=False, checkpoint=False):
        self.calls.append(("suspend", id, release, checkpoint))
        return self._change(id, state=State.QUEUED if release else State.SUSPENDED)

    async def suspend_for_reboot(self):
        self.calls.append(("suspend_for_reboot", self.is_draining))

    async def resume(self, id):
        return self._change(id, state=State.RUNNING)

    async def wait(self, id):
        self.get(id)
        await self.over[id].wait()
        return self.get(id)

    async def write_input(self, id, data, end=False):
        self.get(id)
        self.calls.append(("input", id, data, end))
        if self.hold is not None:
            await self.hold.wait()

    async def send(self, id, message):
        self.get(id)
        self.calls.append(("send", id, message))

    async def request(self, id, message, *, timeout_s=None):
        self.get(id)
        self.calls.append(("request", id, message, timeout_s))
        return {"asked": message}

    async def wait_ready(self, id):
        return self._change(id, ready=True)

    async def clean(self, *, older_than_s=None, keep=None, max_log_bytes=None):
        gone = [id_ for id_, view in self.views.items() if view.is_over]
        for id_ in gone:
            del self.views[id_]
        return Cleaned(tuple(gone), 10)

    async def shutdown(self, *, kill):
        self.is_shut_down = True
        unfinished = [each for each in self.views.values() if not each.is_over]
        return Parting(0, len(unfinished)) if kill else Parting(len(unfinished), 0)

    async def committed(self):
        if self.is_disk_full:
            raise StoreUnavailable("/h/store.db", "no space left on device")

    def find_reply(self, key):
        return self.replies.get(key)

    def note_reply(self, key, reply):
        self.replies[key] = reply

    def events_after(self, seq, limit):
        return [each for each in self.events if each[0] > seq][:limit]

    def event_bounds(self):
        return (self.events[0][0], self.events[-1][0]) if self.events else (1, 0)

    def subscribe_committed(self, callback):
        self.subscribers.append(callback)
        return lambda: self.subscribers.remove(callback)

    # --- helpers

    def _change(self, id, **changes):
        self.views[id] = msgspec.structs.replace(self.get(id), **changes)
        return self.views[id]

    def _tell(self, event):
        seq = self.event_bounds()[1] + 1
        self.events.append((seq, msgspec.json.encode(event)))
        for each in list(self.subscribers):
            each(self.events[-1:])
