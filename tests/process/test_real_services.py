"""Programs that were written for systemd, as they are: what they say is heard, and they are ended as they expect.

They come from the system, or from where `tests/programs/install.sh` has unpacked them.
"""

import asyncio
import shutil
import sys
from pathlib import Path

import pytest

from procession import ByNotice, Command, Dependency, Supervisor, spawn

UNPACKED = Path(sys.prefix) / "programs"


@pytest.fixture
def service():
    """To be called with a name: the program, and the environment it needs; skips where it cannot be had."""

    def find(name):
        if (path := shutil.which(name)) is not None:
            return path, {}
        path = UNPACKED / "usr" / "bin" / name
        if not path.exists():
            pytest.skip(f"{name} cannot be had here")
        libraries = [str(each) for each in (*UNPACKED.glob("lib/*-linux-gnu*"), *UNPACKED.glob("usr/lib/*-linux-gnu*"))]
        libraries += [f"{each}/systemd" for each in libraries]
        return str(path), {"LD_LIBRARY_PATH": ":".join(libraries)}

    return find


@pytest.fixture
def redis(service, tmp_path):
    """The command of a redis server that is supervised, on a socket in this test's folder alone."""
    program, environment = service("redis-server")
    options = {
        "supervised": "systemd", "port": "0", "unixsocket": f"{tmp_path}/redis.sock", "save": "", "dir": str(tmp_path),
    }  # fmt: skip
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    return Command(argv=(program, *arguments), env=environment, notify=True)


async def test_systemd_notify_is_answered(service):
    """`systemd-notify --ready --status=…` is heard, and its barrier is answered: it exits with 0 at once."""
    program, environment = service("systemd-notify")
    events: list = []
    script = f"{program} --ready '--status=45% done'"
    async with spawn(["sh", "-c", script], notify=True, env=environment, on_event=events.append) as process:
        outcome = await asyncio.wait_for(process.wait(), 20)

    assert outcome.ok
    assert said(events) == {"READY": "1", "STATUS": "45% done"}


async def test_redis_is_ready_and_ends(redis, tmp_path):
    """C078: it is ready when it takes connections, and says that it stops; SIGTERM ends it with 0."""
    events: list = []
    async with spawn(redis, on_event=events.append) as process:
        assert await asyncio.wait_for(process.notices.ready(), 30)
        assert said(events)["READY"] == "1"
        assert (tmp_path / "redis.sock").is_socket()
        reader, writer = await asyncio.open_unix_connection(tmp_path / "redis.sock")
        writer.write(b"PING\r\n")
        assert await reader.readline() == b"+PONG\r\n"
        writer.close()
        outcome = await process.terminate(20)

    assert outcome.code == 0
    assert said(events)["STOPPING"] == "1"


async def test_who_waits_for_redis_finds_it_ready(redis, tmp_path):
    """A task that waits for readiness connects at its first try."""
    script = f"import socket; socket.socket(socket.AF_UNIX).connect({str(tmp_path / 'redis.sock')!r})"
    async with Supervisor() as supervisor:
        supervisor.submit(redis, name="redis", ready=ByNotice(), ready_timeout_s=30)
        client = supervisor.submit([sys.executable, "-c", script], after=[Dependency("redis", "ready")])
        assert (await supervisor.wait(client)).ok
        assert supervisor.get("redis").status
        await supervisor.stop("redis")


def said(events) -> dict:
    """Give all that was said, the last word of each."""
    fields: dict = {}
    for event in events:
        if event.name == "notified":
            fields |= event.fields
    return fields
