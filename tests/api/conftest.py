"""The API as a client meets it: served by uvicorn on a unix socket, over a desk that follows a script."""

import asyncio
import contextlib
import json
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from scripted_desk import ScriptedDesk

from procession.api.app import build_app
from procession.daemon.listen import listen_privately
from procession.daemon.serve import serving


class Reply:
    """What came back."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        """What it says."""
        return json.loads(self.body)


class Stream:
    """Server-sent events as they come."""

    def __init__(self, reader, writer):
        self._reader, self.writer = reader, writer

    async def next(self):
        """Give (event, data, id); None at the end. Comments are passed over."""
        fields = {}
        while True:
            line = (await self.line()).decode().rstrip("\n")
            if line is None or (line == "" and fields):
                return fields["event"], json.loads(fields["data"]), fields.get("id")
            if line == "" and self._reader.at_eof():
                return None
            if ": " in line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value

    async def all(self):
        """Give every event to the end."""
        found = []
        while (each := await self.next()) is not None:
            found.append(each)
        return found

    async def line(self):
        """Give the next line of the body, out of its chunks."""
        while b"\n" not in self._rest:
            size = await self._reader.readline()
            if not size.strip():
                return b""
            chunk = await self._reader.readexactly(int(size, 16))
            await self._reader.readexactly(2)
            if not chunk:
                return b""
            self._rest += chunk
        line, self._rest = self._rest.split(b"\n", 1)
        return line + b"\n"

    _rest = b""


class Server:
    """A desk that is served, and the means to ask."""

    def __init__(self, desk, path, ending):
        self.desk, self.path, self.ending = desk, path, ending
        self.has_parted = False

    async def ask(self, method, target, body=None, **headers):
        """Ask, and give the whole answer."""
        async with self._open(method, target, body, headers) as (status, given, reader, _):
            return Reply(status, given, await reader.readexactly(int(given["content-length"])))

    @contextlib.asynccontextmanager
    async def stream(self, target, **headers):
        """Ask for a stream; leaving the block breaks it off."""
        async with self._open("GET", target, None, headers) as (status, given, reader, writer):
            assert (status, given["content-type"]) == (200, "text/event-stream")
            yield Stream(reader, writer)

    @contextlib.asynccontextmanager
    async def _open(self, method, target, body, headers):
        reader, writer = await asyncio.open_unix_connection(self.path)
        try:
            content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
            lines = [f"{method} {target} HTTP/1.1", "host: x", "connection: close", f"content-length: {len(content)}"]
            lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode() + content)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            given = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            yield int(head[0].split()[1]), given, reader, writer
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@pytest.fixture
def serve(tmp_path):
    """To be entered: a server over a fresh desk whose logs are in `tmp_path`."""

    @contextlib.asynccontextmanager
    async def begin():
        ending = asyncio.Event()
        runtime = tmp_path / "run"
        runtime.mkdir(mode=0o700)
        server = Server(ScriptedDesk(tmp_path), str(runtime / "api.sock"), ending)
        app = build_app(server.desk, ending=ending, part=lambda: setattr(server, "has_parted", True))
        with listen_privately(server.path) as listening:
            async with serving(app, listening):
                try:
                    yield server
                finally:
                    ending.set()

    return begin
