"""The daemon as an object, for programs without an event loop. ``AsyncClient`` has the same words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Self, TypeVar

from procession.client import answers, asks
from procession.client.door import Door
from procession.client.resuming import END
from procession.client.sse import ServerEvent
from procession.daemon.locate import guess_socket
from procession.model.cleaning import Cleaned
from procession.model.command import Argument, Command
from procession.model.context import Context
from procession.model.status import Parting, Status
from procession.model.task import Task, task
from procession.model.usage import UsageHistory
from procession.model.view import TaskView
from procession.model.why import Why

T = TypeVar("T")


class Client:
    """Talks with the daemon at ``path`` (the one of our home). Close it, or use it as a context manager.

    Words select tasks: ids, names, globs. After a break it tries for ``patience_s`` seconds; nothing happens twice.
    ``on_break`` hears, once, of a break that lasts.
    What the daemon refuses is raised as the error it is in process. Raises, everywhere: DaemonUnavailable.
    """

    def __init__(
        self, path: str | None = None, *, patience_s: float = 10.0, on_break: Callable[[], object] | None = None
    ) -> None:
        self._door = Door(path or guess_socket(), patience_s, on_break)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._door.close()

    def connect(self) -> None:
        """Connect now rather than with the first word, to know whether it is there."""
        self._door.connect()

    def submit(
        self,
        work: Task | Command | Sequence[Argument],
        /,
        *,
        context: Context | None = None,
        replace: bool = False,
        now: bool = False,
        **fields: Any,
    ) -> str:
        """Hand over one task, from these circumstances or from ``context``; give its id."""
        return (self.submit_all([task(work, **fields)], context=context, replace=replace, now=now))[0]

    def submit_all(
        self, tasks: Iterable[Task], *, context: Context | None = None, replace: bool = False, now: bool = False
    ) -> answers.Ids:
        """Hand over many tasks; give their ids. All or none; above 500: per 500."""
        ids: answers.Ids = []
        for ask in asks.submissions(tasks, context, replace=replace, now=now):
            taken = self._do(ask)
            ids += taken
        return ids

    def list(
        self,
        *words: str,
        groups: Sequence[str] = (),
        all_tasks: bool = False,
        state: str | None = None,
        limit: int | None = None,
    ) -> answers.Tasks:
        """Give tasks as they stand, the newest last; without a selection all."""
        return self._do(asks.find(asks.meant(words, groups, all_tasks=all_tasks), state, limit))

    def get(self, task_id: str) -> TaskView:
        """Give one task as it stands."""
        return (self.show(task_id)).task

    def show(self, task_id: str) -> answers.Details:
        """Give everything about one task."""
        return self._do(asks.show(task_id))

    def usage(self, task_id: str, *, pss: bool = False) -> UsageHistory:
        """Give what a task used over time; ``pss``: and how its memory is shared now, which is slow."""
        return self._do(asks.usage(task_id, pss=pss))

    def why(self, task_id: str) -> Why:
        """Say why a task waits, or why it was let in."""
        return self._do(asks.why(task_id))

    def edit(self, task_id: str, **changes: Any) -> TaskView:
        """Change a task that still waits; ``**{"command.cwd": "/"}`` changes its command."""
        return self._do(asks.edit(task_id, changes))

    def wait(
        self,
        *words: str,
        groups: Sequence[str] = (),
        all_tasks: bool = False,
        timeout_s: float | None = None,
    ) -> answers.Waited:
        """Wait until they are over, retries included, or time is up."""
        return self._do(asks.wait(asks.meant(words, groups, all_tasks=all_tasks), timeout_s))

    def wait_ready(
        self,
        *words: str,
        groups: Sequence[str] = (),
        all_tasks: bool = False,
        timeout_s: float | None = None,
    ) -> answers.Waited:
        """Wait until each of them is ready, or over, or time is up."""
        selection = asks.meant(words, groups, all_tasks=all_tasks)
        return self._do(asks.wait(selection, timeout_s, until_ready=True))

    def stop(
        self, *words: str, groups: Sequence[str] = (), all_tasks: bool = False, grace_s: float | None = None
    ) -> answers.Acted:
        """Ask them to end, and give them after the effect."""
        return self._do(asks.act("stop", asks.meant(words, groups, all_tasks=all_tasks), grace_s=grace_s))

    def kill(self, *words: str, groups: Sequence[str] = (), all_tasks: bool = False) -> answers.Acted:
        """End them at once."""
        return self._do(asks.act("kill", asks.meant(words, groups, all_tasks=all_tasks)))

    def suspend(
        self,
        *words: str,
        groups: Sequence[str] = (),
        all_tasks: bool = False,
        release: bool = False,
        checkpoint: bool = False,
    ) -> answers.Acted:
        """Let them not run for now; ``checkpoint``: save first; ``release``: save, and end until they are resumed."""
        selection = asks.meant(words, groups, all_tasks=all_tasks)
        return self._do(asks.act("suspend", selection, release=release or None, checkpoint=checkpoint or None))

    def checkpoint(self, *words: str, groups: Sequence[str] = (), all_tasks: bool = False) -> answers.Saved:
        """Have them save their work, and say what came of it."""
        return self._do(asks.checkpoint(asks.meant(words, groups, all_tasks=all_tasks)))

    def checkpoints(self, task_id: str) -> answers.Checkpoints:
        """Give what a task has saved of its work, the newest first."""
        return self._do(asks.checkpoints(task_id))

    def resume(self, *words: str, groups: Sequence[str] = (), all_tasks: bool = False) -> answers.Acted:
        """Let them run on; those that were released or have ended go on from what they have saved."""
        return self._do(asks.act("resume", asks.meant(words, groups, all_tasks=all_tasks)))

    def retry(self, *words: str, groups: Sequence[str] = (), all_tasks: bool = False) -> answers.Acted:
        """Begin anew what has ended."""
        return self._do(asks.act("retry", asks.meant(words, groups, all_tasks=all_tasks)))

    def remove(self, *words: str, groups: Sequence[str] = (), all_tasks: bool = False) -> answers.Acted:
        """Forget what has ended, its logs too."""
        return self._do(asks.act("remove", asks.meant(words, groups, all_tasks=all_tasks)))

    def signal(
        self,
        signal: int | str,
        *words: str,
        groups: Sequence[str] = (),
        all_tasks: bool = False,
        scope: str | None = None,
    ) -> answers.Acted:
        """Send a signal to their leaders, or with ``scope="tree"`` to every process of them."""
        selection = asks.meant(words, groups, all_tasks=all_tasks)
        return self._do(asks.act("signal", selection, signal=signal, scope=scope))

    def write_input(self, task_id: str, data: bytes, *, end: bool = False) -> None:
        """Give a task input; with ``end`` its last."""
        self._do(asks.write_input(task_id, data, end=end))

    def send(self, task_id: str, message: Any) -> None:
        """Send a message through the channel of a task."""
        self._do(asks.send(task_id, message))

    def request(self, task_id: str, message: Any, *, timeout_s: float | None = None) -> Any:
        """Ask a task through its channel, and give what it answers."""
        return self._do(asks.request(task_id, message, timeout_s))

    def logs(
        self,
        task_id: str,
        *,
        stream: str | None = None,
        tail: int | None = None,
        since: float | None = None,
        follow: bool = False,
    ) -> LogStream:
        """Give what a task printed, piece by piece; with ``follow`` until it is over, through breaks."""
        asked = asks.logs(task_id, stream=stream, tail=tail, since=since, follow=follow)
        return LogStream(self._door.stream(asked))

    def events(
        self,
        *words: str,
        after: int | None = None,
        groups: Sequence[str] = (),
        all_tasks: bool = False,
        follow: bool = False,
    ) -> Iterator[answers.Told]:
        """Give what happened after event number ``after``; with ``follow`` what happens too, through breaks."""
        asked = asks.events(after, asks.meant(words, groups, all_tasks=all_tasks), follow=follow)
        for event in self._door.stream(asked):
            yield answers.read_told(event)

    def status(self) -> Status:
        """Give how the daemon stands."""
        return self._do(asks.status())

    def drain(self, *, on: bool = True, suspend: bool = False) -> Status:
        """Start nothing new, or again; ``suspend``: and have what runs save its work and end, or else pause."""
        return self._do(asks.drain(on=on, suspend=suspend))

    def clean(
        self, *, older_than_s: float | None = None, keep: int | None = None, max_log_bytes: int | None = None
    ) -> Cleaned:
        """Forget tasks that have ended."""
        return self._do(asks.clean(older_than_s, keep, max_log_bytes))

    def doctor(self) -> answers.Findings:
        """Give which guarantees hold where it runs."""
        return self._do(asks.doctor())

    def shutdown(self, *, kill: bool = False) -> Parting:
        """End the daemon; its tasks run on, unless ``kill``."""
        return self._do(asks.shutdown(kill=kill))

    def _do(self, ask: asks.Ask[T]) -> T:
        return ask.read(self._door.exchange(ask.request))


class LogStream:
    """Pieces of output; after the last one ``task`` is the task as it ended, or None where it goes on."""

    def __init__(self, events: Iterator[ServerEvent]) -> None:
        self._events = events
        self.task: TaskView | None = None

    def __iter__(self) -> Iterator[answers.Piece]:
        for event in self._events:
            if event.name == END:
                self.task = answers.read_end(event)
            elif event.name == "output":
                yield answers.read_piece(event)
