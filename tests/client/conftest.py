"""A daemon's API that is real but for what is behind it: its own process, its own socket, its tasks in memory."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from procession.client.client import Client
from procession.client.door import Door
from procession.client.http import Request


@pytest.fixture(scope="session")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The path of the socket; one process for all tests."""
    path = tmp_path_factory.mktemp("daemon") / "api.sock"
    program = Path(__file__).parents[1] / "children" / "answers_as_a_daemon.py"
    with subprocess.Popen([sys.executable, program, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield str(path)
        process.kill()


@pytest.fixture
def control(scripted: str) -> Iterator[Callable[..., Any]]:
    """To be called with a word (``script``, ``fill``, ``seen``) and its values: what the daemon does behind the API."""
    door = Door(scripted, 1.0)

    def ask(word: str, **values: Any) -> Any:
        body = b"" if word == "seen" else msgspec.json.encode(values)
        request = Request(method="POST" if body else "GET", target=f"/{word}", body=body)
        return msgspec.json.decode(door.exchange(request).body)

    ask("reset")
    yield ask
    door.close()


@pytest.fixture
def client(scripted: str, control: Callable[..., Any]) -> Iterator[Client]:
    """A client of the scripted daemon, which has no tasks yet."""
    with Client(scripted, patience_s=2.0) as client:
        yield client
