"""POINT COUNT: a daemon that kills itself with SIGKILL when it comes to POINT for the COUNTth time.

With ``no acknowledgement`` or ``no drop`` as POINT it lives, and never tells its keeper what it may forget; with
``nowhere`` it lives. RELEASES in its environment: whatever is suspended is released, too.

Nothing in the product knows of these points: the functions at them are wrapped here, before the daemon begins.
"""

import os
import signal
import sys
from functools import wraps
from inspect import iscoroutinefunction

from procession.api.idempotency import Idempotency
from procession.checkpoint.shelf import Shelf
from procession.daemon.program import be_daemon
from procession.process.ending import Ending
from procession.process.keeper_link import KeeperLink
from procession.process.keeper_socket import KeeperSocket
from procession.process.process import Process
from procession.supervisor.continuing import Continuing
from procession.supervisor.custody import KeptAttempt
from procession.supervisor.preserving import Preserver
from procession.supervisor.recovery import Recovery
from procession.supervisor.store_ledger import StoreLedger
from procession.supervisor.supervisor import Supervisor
from procession.wire import frames

left = int(sys.argv[2])


def die():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def before(owner, name, applies=lambda *_: True):
    """Die instead of the call."""
    original = getattr(owner, name)

    @wraps(original)
    def call(*arguments, **options):
        if applies(*arguments):
            die()
        return original(*arguments, **options)

    setattr(owner, name, call)


def after(owner, name, applies=lambda *_: True):
    """Die when the call has done its work."""
    original = getattr(owner, name)

    @wraps(original)
    def call(*arguments, **options):
        result = original(*arguments, **options)
        if applies(*arguments):
            die()
        return result

    @wraps(original)
    async def call_later(*arguments, **options):
        result = await original(*arguments, **options)
        die()
        return result

    setattr(owner, name, call_later if iscoroutinefunction(original) else call)


def sends(wanted):
    return lambda _self, op, *_: op == wanted


def never(owner, name, applies):
    """Leave the call out."""
    original = getattr(owner, name)
    setattr(owner, name, lambda *arguments: None if applies(*arguments) else original(*arguments))


def release_what_is_suspended():
    original = Supervisor.suspend
    Supervisor.suspend = lambda self, id_, **_: original(self, id_, release=True)


POINTS = {
    "nowhere": lambda: None,
    "no acknowledgement": lambda: never(KeeperSocket, "send", sends(frames.ACK)),
    "no drop": lambda: never(KeeperSocket, "send", sends(frames.DROP)),
    "after the request": lambda: after(Idempotency, "_do"),
    "after the intent": lambda: after(KeptAttempt, "intend"),
    "after the order": lambda: after(KeeperSocket, "send", sends(frames.SPAWN)),
    "after the fork": lambda: before(KeeperLink, "_started"),
    "after the journal": lambda: before(KeeperLink, "_keep_exit"),
    "before the acknowledgement": lambda: before(KeeperSocket, "send", sends(frames.ACK)),
    "in the greeting": lambda: before(KeeperLink, "_take_greeting"),
    "in the recovery": lambda: before(Recovery, "_take_up"),
    "after the recovery": lambda: after(Recovery, "run"),
    "before the checkpoint": lambda: before(StoreLedger, "note_checkpoint"),
    "before the commit of the checkpoint": lambda: after(StoreLedger, "note_checkpoint"),
    "before the file of the checkpoint": lambda: before(Shelf, "put"),
    "in the file of the checkpoint": lambda: before(os, "rename", lambda old, _: "/checkpoints/" in old),
    "after the file of the checkpoint": lambda: after(Shelf, "put"),
    "before it is asked to save": lambda: before(Preserver, "ask"),
    "before it is told to end": lambda: before(Process, "terminate"),
    "after it was told to end": lambda: after(Ending, "_tell_signal"),
    "before what follows its end": lambda: before(Continuing, "follow"),
}

if "RELEASES" in os.environ:
    release_what_is_suspended()
POINTS[sys.argv[1]]()
sys.exit(be_daemon())
