"""The daemon as an object, for programs with an event loop: the same words as ``Client``, to be awaited."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from typing import Any, Self, TypeVar

from procession.client import answers, asks
from procession.client.async_door import AsyncDoor
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


class AsyncClient:
    """Talks with the daemon at ``path`` (the one of our home). Close it, or use it as a context manager.

    Words select tasks: ids, names, globs. After a break it tries for ``patience_s`` seconds; nothing happens twice.
    What the daemon refuses is raised as the error it is in process. Raises, everywhere: DaemonUnavailable.
    """

    def __init__(
        self, path: str | None = None, *, patience_s: float = 10.0, on_break: Callable[[], object] | None = None
    ) -> None:
        self._door = AsyncDoor(path or guess_socket(), patience_s, on_break)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up."""
        await self._door.close()

    async def connect(self) -> None:
        """Connect now rather than with the first word, to know whether it is there."""
        await self._door.connect()

    async def submit(
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
        return (await self.submit_all([task(work, **fields)], context=context, replace=replace, now=now))[0]

    async def submit_all(
        self, tasks: Iterable[Task], *, context: Context | None = None, replace: bool = False, now: bool = False
    ) -> answers.Ids:
        """Hand over many tasks; give their ids. All or none; above 500: per 500."""
        ids: answers.Ids = []
        for ask in asks.submissions(tasks, context, replace=replace, now=now):
            taken = await self._do(ask)
            ids += taken
        return ids

    async def list(
        self,
        *words: str,
        groups: Sequence[str] = (),
        all_tasks: bool = False,
        state: str | None = None,
        limit: int | None = None,
    ) -> answers.Tasks:
        """Give tasks as they stand, the newest last; without a selection all."""
        return await self._do(asks.find(asks.meant(words, groups, all_tasks=all_tasks), state, limit))

    async def get(self, task_id: str) -> TaskView:
        """Give one task as it stands."""
        return (await self.show(task_id)).task

    async def show(self, task_id: str) -> answers.Details:
        """Give everything about one task."""
        return await self._do(asks.show(task_id))

    async def usage(self, task_id: str, *, pss: bool = False) -> UsageHistory:
        """Give what a task used over time; ``pss``: and how its memory is shared now, which is slow."""
        return await self._do(asks.usage(task_id, pss=pss))

    async def why(self, task_id: str) -> Why:
        """Say why a task waits, or why it was let in."""
        return await self._do(asks.why(task_id))

    async def edit(self, task_id: str, **changes: Any) -> TaskView:
        """Change a task that still waits; ``**{"command.cwd": "/"}`` changes its command."""
        return await self._do(asks.edit(task_id, changes))

    async def wait(
        self,
        *words: str,
        groups: Sequence[str] = (),
        all_tasks: bool = False,
        timeout_s: float | None = None,
    ) -> answers.Waited:
        """Wait until they are over, retries included, or time is up."""
        return await self._do(asks.wait(asks.meant(words, groups, all_tasks=all_tasks), timeout_s))

    async def wait_ready(
        self,
        *words: str,
        groups: Sequence[str] = (),
        all_tasks: bool = False,
        timeout_s: float | None = None,
    ) -> answers.Waited:
        """Wait until each of them is ready, or over, or time is up."""
        selection = asks.meant(words, groups, all_tasks=all_tasks)
        return await self._do(asks.wait(selection, timeout_s, until_ready=True))

    async def stop(
        self, *words: str, groups: Sequence[str] = (), all_tasks: bool = False, grace_s: float | None = None
    ) -> answers.Acted:
        """Ask them to end, and give them after the effect."""
        return await self._do(asks.act("stop", asks.meant(words, groups, all_tasks=all_tasks), grace_s=grace_s))

    async def kill(self, *words: str, groups: Sequence[str] = (), all_tasks: bool = False) -> answers.Acted:
        """End them at once."""
        return await self._do(asks.act("kill", asks.meant(words, groups, all_tasks=all_tasks)))

    async def suspend(
        self,
        *words: str,
        groups: Sequence[str] = (),
        all_tasks: bool = False,
        release: bool = False,
        checkpoint: bool = False,
    ) -> answers.Acted:
        """Let them not run for now; ``checkpoint``: save first; ``release``: save, and end until they are resumed."""
        selection = asks.meant(words, groups, all_tasks=all_tasks)
        return await self._do(asks.act("suspend", selection, release=release or None, checkpoint=checkpoint or None))

    async def checkpoint(self, *words: str, groups: Sequence[str] = (), all_tasks: bool = False) -> answers.Saved:
        """Have them save their work, and say what came of it."""
        return await self._do(asks.checkpoint(asks.meant(words, groups, all_tasks=all_tasks)))

    async def checkpoints(self, task_id: str) -> answers.Checkpoints:
        """Give what a task has saved of its work, the newest first."""
        return await self._do(asks.checkpoints(task_id))

    async def resume(self, *words: str, groups: Sequence[str] = (), all_tasks: bool = False) -> answers.Acted:
        """Let them run on; those that were released or have ended go on from what they have saved."""
        return await self._do(asks.act("resume", asks.meant(words, groups, all_tasks=all_tasks)))

    async def retry(self, *words: str, groups: Sequence[str] = (), all_tasks: bool = False) -> answers.Acted:
        """Begin anew what has ended."""
        return await self._do(asks.act("retry", asks.meant(words, groups, all_tasks=all_tasks)))

    async def remove(self, *words: str, groups: Sequence[str] = (), all_tasks: bool = False) -> answers.Acted:
        """Forget what has ended, its logs too."""
        return await self._do(asks.act("remove", asks.meant(words, groups, all_tasks=all_tasks)))

    async def signal(
        self,
        signal: int | str,
        *words: str,
        groups: Sequence[str] = (),
        all_tasks: bool = False,
        scope: str | None = None,
    ) -> answers.Acted:
        """Send a signal to their leaders, or with ``scope="tree"`` to every process of them."""
        selection = asks.meant(words, groups, all_tasks=all_tasks)
        return await self._do(asks.act("signal", selection, signal=signal, scope=scope))

    async def write_input(self, task_id: str, data: bytes, *, end: bool = False) -> None:
        """Give a task input; with ``end`` its last."""
        await self._do(asks.write_input(task_id, data, end=end))

    async def send(self, task_id: str, message: Any) -> None:
        """Send a message through the channel of a task."""
        await self._do(asks.send(task_id, message))

    async def request(self, task_id: str, message: Any, *, timeout_s: float | None = None) -> Any:
        """Ask a task through its channel, and give what it answers."""
        return await self._do(asks.request(task_id, message, timeout_s))

    def logs(
        self,
        task_id: str,
        *,
        stream: str | None = None,
        tail: int | None = None,
        since: float | None = None,
        follow: bool = False,
    ) -> AsyncLogStream:
        """Give what a task printed, piece by piece; with ``follow`` until it is over, through breaks."""
        asked = asks.logs(task_id, stream=stream, tail=tail, since=since, follow=follow)
        return AsyncLogStream(self._door.stream(asked))

    async def events(
        self,
        *words: str,
        after: int | None = None,
        groups: Sequence[str] = (),
        all_tasks: bool = False,
        follow: bool = False,
    ) -> AsyncGenerator[answers.Told, None]:
        """Give what happened after event number ``after``; with ``follow`` what happens too, through breaks."""
        asked = asks.events(after, asks.meant(words, groups, all_tasks=all_tasks), follow=follow)
        async with aclosing(self._door.stream(asked)) as events:
            async for event in events:
                yield answers.read_told(event)

    async def status(self) -> Status:
        """Give how the daemon stands."""
        return await self._do(asks.status())

    async def drain(self, *, on: bool = True, suspend: bool = False) -> Status:
        """Start nothing new, or again; ``suspend``: and have what runs save its work and end, or else pause."""
        return await self._do(asks.drain(on=on, suspend=suspend))

    async def clean(
        self, *, older_than_s: float | None = None, keep: int | None = None, max_log_bytes: int | None = None
    ) -> Cleaned:
        """Forget tasks that have ended."""
        return await self._do(asks.clean(older_than_s, keep, max_log_bytes))

    async def doctor(self) -> answers.Findings:
        """Give which guarantees hold where it runs."""
        return await self._do(asks.doctor())

    async def shutdown(self, *, kill: bool = False) -> Parting:
        """End the daemon; its tasks run on, unless ``kill``."""
        return await self._do(asks.shutdown(kill=kill))

    async def _do(self, ask: asks.Ask[T]) -> T:
        return ask.read(await self._door.exchange(ask.request))


class AsyncLogStream:
    """Pieces of output; after the last one ``task`` is the task as it ended, or None where it goes on."""

    def __init__(self, events: AsyncGenerator[ServerEvent, None]) -> None:
        self._events = events
        self.task: TaskView | None = None

    async def __aiter__(self) -> AsyncGenerator[answers.Piece, None]:
        async with aclosing(self._events) as events:
            async for event in events:
                if event.name == END:
                    self.task = answers.read_end(event)
                elif event.name == "output":
                    yield answers.read_piece(event)
