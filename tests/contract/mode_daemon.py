"""A daemon, asked through its client, as everybody else asks it."""

from pathlib import Path
from typing import Any

from daemon_home import Home
from mode import Fact, Mode

from procession.client.async_client import AsyncClient
from procession.model.task import Task
from procession.model.view import TaskView


class ByDaemon(Mode):
    """A daemon, asked through its client."""

    name = "daemon"

    def __init__(self, folder: Path, home: Home) -> None:
        super().__init__(folder)
        self.home = home

    async def open(self) -> None:
        self.client = AsyncClient(self.home.socket)
        status = await self.client.status()
        self.parent = status.keeper_pid or 0
        self._daemon = status.pid

    async def hang_up(self) -> None:
        await self.client.close()

    async def close(self) -> None:
        """Nothing: the daemon goes on."""

    def servants(self) -> list[int]:
        return [self._daemon, self.parent]

    async def accept(self, given: Task) -> str:
        return await self.client.submit(given)

    async def get(self, id_: str) -> TaskView:
        return await self.client.get(id_)

    async def wait(self, id_: str) -> TaskView:
        return (await self.client.wait(id_)).tasks[0]

    async def stop(self, id_: str, grace_s: float | None = None) -> TaskView:
        return (await self.client.stop(id_, grace_s=grace_s)).check().tasks[0]

    async def stop_all(self) -> None:
        (await self.client.stop(all_tasks=True)).check()

    async def kill(self, id_: str) -> TaskView:
        return (await self.client.kill(id_)).check().tasks[0]

    async def signal(self, id_: str, signal: str | int, scope: Any = "leader") -> TaskView:
        return (await self.client.signal(signal, id_, scope=scope)).check().tasks[0]

    async def suspend(self, id_: str) -> TaskView:
        return (await self.client.suspend(id_)).check().tasks[0]

    async def resume(self, id_: str) -> TaskView:
        return (await self.client.resume(id_)).check().tasks[0]

    async def retry(self, id_: str) -> TaskView:
        return (await self.client.retry(id_)).check().tasks[0]

    async def write_input(self, id_: str, data: bytes, *, end: bool = False) -> None:
        await self.client.write_input(id_, data, end=end)

    async def send(self, id_: str, message: Any) -> None:
        await self.client.send(id_, message)

    async def request(self, id_: str, message: Any, timeout_s: float | None = None) -> Any:
        return await self.client.request(id_, message, timeout_s=timeout_s)

    async def wait_ready(self, id_: str) -> TaskView:
        return (await self.client.wait_ready(id_)).tasks[0]

    async def stdout(self, id_: str) -> bytes:
        return await self._printed(id_, "stdout")

    async def stderr(self, id_: str) -> bytes:
        return await self._printed(id_, "stderr")

    async def facts(self, id_: str) -> list[Fact]:
        told = [each async for each in self.client.events(id_, after=0)]
        return [Fact(each.name, each.values["at"], each.values) for each in told]

    async def _printed(self, id_: str, stream: str) -> bytes:
        return b"".join([piece.data async for piece in self.client.logs(id_, stream=stream)])
