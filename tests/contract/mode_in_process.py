"""A supervisor in this process: the parent is this process, or a keeper of its own."""

import os
from pathlib import Path
from typing import Any

import msgspec
from mode import Fact, Mode

from procession.model.pool import PoolSettings
from procession.model.stdio import Log, Pipe
from procession.model.task import Task
from procession.model.view import TaskView
from procession.process.keeper import Keeper
from procession.supervisor.supervisor import Supervisor


class InProcess(Mode):
    """A supervisor in this process, which is the parent."""

    name = "in_process"

    async def open(self) -> None:
        self.parent = os.getpid()
        figures = PoolSettings(policy="fixed")  # what else this machine does shall not matter here
        self.supervisor = Supervisor(pool=figures, keeper=await self._keeper())
        await self.supervisor.__aenter__()
        self._told: list[Any] = []
        self.supervisor.subscribe(self._told.append)

    async def hang_up(self) -> None:
        """Nothing: there is no connection."""

    async def close(self) -> None:
        await self.supervisor.__aexit__(None, None, None)

    async def accept(self, given: Task) -> str:
        logs = {
            stream: Log(str(self.folder / f"{len(self._markers)}.{stream}"))
            for stream in ("stdout", "stderr")
            if isinstance(getattr(given.command, stream), Pipe)
        }
        return self.supervisor.submit(msgspec.structs.replace(given, command=given.command.replace(**logs)))

    async def get(self, id_: str) -> TaskView:
        return self.supervisor.get(id_)

    async def wait(self, id_: str) -> TaskView:
        return await self.supervisor.wait(id_)

    async def stop(self, id_: str, grace_s: float | None = None) -> TaskView:
        return await self.supervisor.stop(id_, grace_s=grace_s)

    async def stop_all(self) -> None:
        await self.supervisor.stop_all()

    async def kill(self, id_: str) -> TaskView:
        return await self.supervisor.kill(id_)

    async def signal(self, id_: str, signal: str | int, scope: Any = "leader") -> TaskView:
        return await self.supervisor.signal(id_, signal, scope)

    async def suspend(self, id_: str) -> TaskView:
        return await self.supervisor.suspend(id_)

    async def resume(self, id_: str) -> TaskView:
        return await self.supervisor.resume(id_)

    async def retry(self, id_: str) -> TaskView:
        return self.supervisor.retry(id_)

    async def write_input(self, id_: str, data: bytes, *, end: bool = False) -> None:
        await self.supervisor.write_input(id_, data, end=end)

    async def send(self, id_: str, message: Any) -> None:
        await self.supervisor.send(id_, message)

    async def request(self, id_: str, message: Any, timeout_s: float | None = None) -> Any:
        return await self.supervisor.request(id_, message, timeout_s=timeout_s)

    async def wait_ready(self, id_: str) -> TaskView:
        return await self.supervisor.wait_ready(id_)

    async def stdout(self, id_: str) -> bytes:
        return self._printed(id_, "stdout")

    async def stderr(self, id_: str) -> bytes:
        return self._printed(id_, "stderr")

    async def facts(self, id_: str) -> list[Fact]:
        return [Fact(event.name, event.at, event.as_dict()) for event in self._told if event.task == id_]

    async def _keeper(self) -> Keeper | None:
        return None

    def _printed(self, id_: str, stream: str) -> bytes:
        log = getattr(self.supervisor.get_task(id_).command, stream)
        try:
            return Path(log.path).read_bytes()
        except FileNotFoundError:
            return b""


class Kept(InProcess):
    """A supervisor in this process, and a keeper that is the parent."""

    name = "keeper"

    async def open(self) -> None:
        await super().open()
        self.parent = self.keeper.pid

    async def close(self) -> None:
        await super().close()
        await self.keeper.close()

    def servants(self) -> list[int]:
        return [self.parent]

    async def _keeper(self) -> Keeper | None:
        self.keeper = Keeper()
        return await self.keeper.__aenter__()
