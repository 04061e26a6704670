"""What the API asks of a supervisor: the port that the daemon's supervisor fills, and a test's stand-in too.

Verbs return when their effect is there; what they recorded is on disk once `committed` returns. Plain methods do not
wait, so what they do and a reply noted right after are one transaction. All raise ProcessionError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Protocol

from procession.model.checkpoint import Checkpoint, SaveReport
from procession.model.cleaning import Cleaned
from procession.model.context import Context
from procession.model.details import TaskDetails
from procession.model.finding import Finding
from procession.model.selection import Selection
from procession.model.state import State
from procession.model.status import Parting, Status
from procession.model.table_row import Cell
from procession.model.task import Task
from procession.model.usage import UsageHistory
from procession.model.view import TaskView
from procession.model.why import Why

Committed = Sequence[tuple[int, bytes]]
"""Events as they are on disk: sequence number, and the JSON object without it."""

Scope = Literal["leader", "tree"]


class Desk(Protocol):
    """See the module. An argument called ``id`` is the id of one task; a task nobody knows raises UnknownTask."""

    # --- look ----------------------------------------------------------------------------------------------------

    def status(self) -> Status:
        """Say how the daemon does."""

    def get(self, id: str) -> TaskView:  # noqa: A002 - the supervisor's own name
        """Show one task."""

    def find(self, selection: Selection, *, states: Iterable[State] = (), limit: int | None = None) -> list[TaskView]:
        """Show what is selected, newest last: of these states (none: any), and at most the newest ``limit``.

        Words and groups that name nothing raise UnknownTask.
        """

    def table_rows(
        self, selection: Selection, *, states: Iterable[State] = (), limit: int | None = None
    ) -> Iterable[Sequence[Cell]]:
        """Give the same as rows of ``model.table_row.COLUMNS``."""

    def details(self, id: str) -> TaskDetails:  # noqa: A002
        """Show all that is known of one task."""

    def usage(self, id: str, *, pss: bool = False) -> UsageHistory:  # noqa: A002
        """Say what a task used over time."""

    def why(self, id: str) -> Why:  # noqa: A002
        """Say why a task waits, or why it was let in."""

    def checkpoints(self, id: str) -> list[Checkpoint]:  # noqa: A002
        """Give what a task has saved of its work, the newest first."""

    def checks(self) -> list[Finding]:
        """Say which guarantees hold here."""

    # --- change --------------------------------------------------------------------------------------------------

    def submit_all(
        self, tasks: Iterable[Task], *, context: Context | None = None, replace: bool = False, now: bool = False
    ) -> list[str]:
        """Accept all or none; ``replace`` takes the place of ended tasks of the same name, ``now`` refuses to wait."""

    def edit(self, id: str, **changes: Any) -> TaskView:  # noqa: A002
        """Change fields of a queued task; those of its command are called ``command.argv`` and so on."""

    def retry(self, id: str) -> TaskView:  # noqa: A002
        """Queue a further attempt."""

    def remove(self, id: str) -> None:  # noqa: A002
        """Forget an ended task, its logs too."""

    def drain(self, on: bool) -> None:  # noqa: FBT001 - there is no other argument
        """Start nothing more, or start again."""

    async def stop(self, id: str, by: str = "user", grace_s: float | None = None) -> TaskView:  # noqa: A002
        """End a task politely."""

    async def kill(self, id: str, by: str = "user") -> TaskView:  # noqa: A002
        """End a task and its tree at once."""

    async def signal(self, id: str, signal: str | int, scope: Scope = "leader") -> TaskView:  # noqa: A002
        """Send one signal."""

    async def checkpoint(self, id: str) -> SaveReport:  # noqa: A002
        """Have a task save its work, and say what came of it."""

    async def suspend(self, id: str, *, release: bool = False, checkpoint: bool = False) -> TaskView:  # noqa: A002
        """Pause a task; ``checkpoint``: it saves its work first; ``release``: it does, and ends until it is resumed."""

    async def resume(self, id: str) -> TaskView:  # noqa: A002
        """Let it run on, or go on from what it has saved."""

    async def suspend_for_reboot(self) -> None:
        """Have all that runs save its work and end, or else pause."""

    async def wait(self, id: str) -> TaskView:  # noqa: A002
        """Wait until a task is over."""

    async def wait_ready(self, id: str) -> TaskView:  # noqa: A002
        """Wait until a task is ready, or over."""

    async def write_input(self, id: str, data: bytes, end: bool = False) -> None:  # noqa: A002, FBT001, FBT002
        """Write to the standard input of a task; ``end`` closes it."""

    async def send(self, id: str, message: Any) -> None:  # noqa: A002
        """Send a message through the channel of a task."""

    async def request(self, id: str, message: Any, *, timeout_s: float | None = None) -> Any:  # noqa: A002
        """Ask a task through its channel, and give what it answers."""

    async def clean(
        self, *, older_than_s: float | None = None, keep: int | None = None, max_log_bytes: int | None = None
    ) -> Cleaned:
        """Remove ended tasks beyond these bounds."""

    async def shutdown(self, *, kill: bool) -> Parting:
        """Prepare to end: nothing new is started; ``kill`` ends every task, too."""

    # --- what is on disk -----------------------------------------------------------------------------------------

    async def committed(self) -> None:
        """Return when everything recorded until now is on disk. Raises: StoreUnavailable."""

    def find_reply(self, key: str) -> bytes | None:
        """Give the reply that was noted for this idempotency key."""

    def note_reply(self, key: str, reply: bytes) -> None:
        """Keep a reply, in the same transaction as what was recorded in this turn."""

    def events_after(self, seq: int, limit: int) -> Committed:
        """Give at most ``limit`` events that follow ``seq``, oldest first."""

    def event_bounds(self) -> tuple[int, int]:
        """Give the numbers of the oldest and the newest event that is kept; ``(1, 0)`` where there is none."""

    def subscribe_committed(self, callback: Callable[[Committed], object]) -> Callable[[], None]:
        """Call back with new events once they are on disk; call the result to end that."""
