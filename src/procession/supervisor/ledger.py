"""What the supervisor writes down, as a port: nothing in a plain script, everything where a crash must cost nothing.

Not here: where it is written (`store_ledger`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from procession.model.checkpoint import newest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from procession.model.checkpoint import Checkpoint
    from procession.model.command import Command
    from procession.model.event import Event
    from procession.model.usage import TreeUsage
    from procession.supervisor.entry import Entry


class Ledger(Protocol):
    """Takes every fact in order. What is over and ``keeps`` to be found here need not stay in memory.

    ``crowd`` is told how many tasks are under way.
    """

    keeps: bool
    crowd: int

    @property
    def failure(self) -> str | None:
        """Why nothing can be written now."""

    def note(self, event: Event, entry: Entry | None) -> None:
        """Take a fact, and with it that ``entry`` has changed."""

    def note_sample(self, task: str, sample: TreeUsage, *, thin: bool = False) -> None:
        """Take what a task uses now; ``thin``: it is time to keep fewer of its old samples."""

    def note_footprints(self, learned: Mapping[str, bytes]) -> None:
        """Take what was learned of what tasks of these keys use."""

    def footprints(self) -> Mapping[str, bytes]:
        """Give what was learned before."""

    def note_checkpoint(self, checkpoint: Checkpoint, keep: int) -> None:
        """Take what a task saved of its work; the newest ``keep`` of it stay."""

    def checkpoints(self, task: str) -> list[Checkpoint]:
        """Give what a task saved, the newest first, what was noted just now included."""

    def latest_checkpoints(self) -> Iterable[Checkpoint]:
        """Give the newest of each task that saved anything, as far as it outlives us."""

    def after_each_commit(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` whenever something was written."""

    def check_writable(self) -> None:
        """Refuse to take anything new while nothing can be written. Raises: StoreUnavailable."""

    def place(self, id: str, command: Command) -> Command:  # noqa: A002 - the field's own name
        """Send what ``command`` would print to us where it is kept. Raises: InvalidTask: it cannot be kept."""

    def accept(self, entry: Entry) -> None:
        """Take a new task."""

    def find(self, id: str) -> Entry | None:  # noqa: A002 - the field's own name
        """Give a task that is over and no longer in memory."""

    def forget(self, id: str) -> None:  # noqa: A002 - the field's own name
        """Remember nothing of a task any more."""

    def next_number(self) -> int:
        """Give the place of a further task in the order of submission."""

    def highest_id(self) -> int:
        """Give the highest number of ids like ``t7`` that may be found here."""

    async def wait_written(self) -> None:
        """Wait until all that was noted is written, however long that takes."""

    async def commit(self) -> None:
        """Write all that was noted. Raises: StoreUnavailable: it is not written; it will be, once that is possible."""


class NoLedger:
    """Writes nothing down: when this process ends, so does what it knows. Checkpoints alone are kept in memory."""

    failure = None
    keeps = False
    crowd = 0

    def __init__(self) -> None:
        self._numbers = 0
        self._checkpoints: dict[str, list[Checkpoint]] = {}

    def note(self, event: Event, entry: Entry | None) -> None:
        """Let it pass."""

    def note_sample(self, task: str, sample: TreeUsage, *, thin: bool = False) -> None:
        """Let it pass."""

    def note_footprints(self, learned: Mapping[str, bytes]) -> None:
        """Let it pass."""

    def footprints(self) -> Mapping[str, bytes]:
        """Nothing is remembered."""
        return {}

    def note_checkpoint(self, checkpoint: Checkpoint, keep: int) -> None:
        """Remember it."""
        known = self._checkpoints.get(checkpoint.task, [])
        self._checkpoints[checkpoint.task] = newest([*known, checkpoint], keep)

    def checkpoints(self, task: str) -> list[Checkpoint]:
        """Give what is remembered."""
        return list(self._checkpoints.get(task, ()))

    def latest_checkpoints(self) -> Iterable[Checkpoint]:
        """Nothing outlives us."""
        return ()

    def after_each_commit(self, callback: Callable[[], None]) -> None:
        """Nothing is written."""

    def check_writable(self) -> None:
        """There is nothing to write."""

    def place(self, id: str, command: Command) -> Command:  # noqa: A002, ARG002 - the port's
        """Leave it as it is: it prints to this process."""
        return command

    def accept(self, entry: Entry) -> None:
        """Let it pass."""

    def find(self, id: str) -> Entry | None:  # noqa: A002, ARG002 - the port's
        """There is nothing beside the memory."""
        return None

    def forget(self, id: str) -> None:  # noqa: A002 - the field's own name
        """Forget its checkpoints; there is nothing else."""
        self._checkpoints.pop(id, None)

    def next_number(self) -> int:
        """Count."""
        self._numbers += 1
        return self._numbers

    def highest_id(self) -> int:
        """There is nothing beside the memory."""
        return 0

    async def wait_written(self) -> None:
        """Nothing is written."""

    async def commit(self) -> None:
        """Nothing is written."""
