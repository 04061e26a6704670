"""Real clients of coding agents, each with a home and a directory of its own, and the model they all talk to.

Nothing here leaves the loopback: what the clients want of anybody else goes to a port where nobody listens.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.crash.conftest import house

from procession import Command, Supervisor, TaskView
from procession.kernel import proc

__all__ = ["house"]

PROGRAMS = Path(sys.prefix) / "agents" / "node_modules" / ".bin"
NOBODY = "http://127.0.0.1:9"
LIMIT_S = 60.0
CLIENTS = ("codex", "gemini", "opencode")


class Model:
    """The model server."""

    def __init__(self, log: Path, port: int) -> None:
        self._log = log
        self.url = f"http://127.0.0.1:{port}"

    def requests(self, first: str, *, own: bool = False) -> list[dict[str, Any]]:
        """Give the requests so far of the conversation that began with ``first``.

        own: those, too, that the client makes for itself (a title, which model): they offer no tools.
        """
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        requests = [json.loads(line) for line in lines if line]
        return [each for each in requests if (own or each["has_tools"]) and any(first in said for said in each["said"])]


class Agent(NamedTuple):
    """One client that can be started: in ``cwd``, with ``env``."""

    name: str
    cwd: str
    env: dict[str, str]
    arguments: tuple[str, ...]

    def argv(self, prompt: str) -> tuple[str, ...]:
        """Give the command line that begins with a prompt."""
        return (str(PROGRAMS / self.name), *(prompt if each == "PROMPT" else each for each in self.arguments))

    def command(self, prompt: str, **fields: Any) -> Command:
        """Give the command that begins with a prompt."""
        return Command(argv=self.argv(prompt), cwd=self.cwd, env=self.env, **fields)

    def run(self, argv: tuple[str, ...]) -> list[dict[str, Any]]:
        """Run a command line by hand, and give the events it prints."""
        done = subprocess.run(
            argv,
            cwd=self.cwd,
            env=os.environ | self.env | {"PWD": self.cwd},  # as a shell would; opencode believes it
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, done.stderr
        return events_in(done.stdout)


@pytest.fixture
def model(tmp_path: Path) -> Iterator[Model]:
    """The model of this test."""
    log = tmp_path / "requests.jsonl"
    program = Path(__file__).with_name("serves_a_model.py")
    with subprocess.Popen([sys.executable, program, log], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield Model(log, int(server.stdout.readline()))
        finally:
            server.kill()


@pytest.fixture
def agent(tmp_path: Path, model: Model) -> Callable[[str], Agent]:
    """To be called with the name of a client: gives it ready to be started; skips where it is not installed."""

    def make(name: str) -> Agent:
        if not (PROGRAMS / name).exists():
            pytest.skip(f"{name} is not installed: make test-agents")
        home, cwd, scratch = (tmp_path / f"its {each}" for each in ("home", "work", "scratch"))
        for folder in (home, cwd, scratch):
            folder.mkdir()
        env = {
            "HOME": str(home),
            "TMPDIR": str(scratch),
            "NO_PROXY": "127.0.0.1",
            "HTTP_PROXY": NOBODY,
            "HTTPS_PROXY": NOBODY,
        }
        own, arguments = {"codex": _codex, "gemini": _gemini, "opencode": _opencode}[name](home, cwd, model.url)
        return Agent(name, str(cwd), env | own, arguments)

    return make


Made = tuple[dict[str, str], tuple[str, ...]]


def _codex(home: Path, _: Path, url: str) -> Made:
    own = home / ".codex"
    own.mkdir()
    (own / "config.toml").write_text(
        'model = "fake-1"\nmodel_provider = "fake"\n[model_providers.fake]\nname = "fake"\n'
        f'base_url = "{url}/v1"\nenv_key = "FAKE_KEY"\nwire_api = "responses"\n'
        "request_max_retries = 0\nstream_max_retries = 0\n"
    )
    arguments = ("exec", "--json", "--skip-git-repo-check", "-s", "danger-full-access", "PROMPT")
    return {"CODEX_HOME": str(own), "FAKE_KEY": "x"}, arguments


def _gemini(home: Path, _: Path, url: str) -> Made:
    own = home / ".gemini"
    own.mkdir()
    settings = {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "privacy": {"usageStatisticsEnabled": False},
        "general": {"disableAutoUpdate": True},
    }
    (own / "settings.json").write_text(json.dumps(settings))
    arguments = ("-p", "PROMPT", "--output-format", "stream-json", "--yolo", "--skip-trust")
    return {"GEMINI_API_KEY": "x", "GOOGLE_GEMINI_BASE_URL": url}, arguments


def _opencode(home: Path, cwd: Path, url: str) -> Made:
    subprocess.run(["git", "init", "-q", cwd], check=True)
    settings = {
        "autoupdate": False,
        "share": "disabled",
        "model": "fake/fake-1",
        "small_model": "fake/fake-1",
        "permission": {"bash": "allow", "edit": "allow"},
        "provider": {
            "fake": {
                "npm": "@ai-sdk/openai-compatible",
                "options": {"baseURL": f"{url}/v1", "apiKey": "x"},
                "models": {"fake-1": {"name": "fake-1"}},
            }
        },
    }
    (cwd / "opencode.json").write_text(json.dumps(settings))
    folders = {f"XDG_{each}_HOME": str(home / each.lower()) for each in ("DATA", "CONFIG", "CACHE", "STATE")}
    quiet = {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"}
    return folders | quiet, ("run", "--format", "json", "PROMPT")


# --- looking ---------------------------------------------------------------------------------------------------------


def events_in(text: str) -> list[dict[str, Any]]:
    """Give the events in what a client printed; whatever begins like one must be whole."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


class Member(NamedTuple):
    """A process of a tree, and what it runs."""

    pid: int
    start_ticks: int
    text: str

    def is_there(self) -> bool:
        """Whether it still runs: it, and nobody else of its number."""
        stat = proc.read_stat(self.pid)
        return stat is not None and stat.start_ticks == self.start_ticks and not stat.is_gone


def tree_of(pid: int | None) -> list[Member]:
    """Give a process and all its descendants."""
    stats = {stat.pid: stat for stat in proc.scan_stats()}
    found = {pid} & set(stats)
    while new := {stat.pid for stat in stats.values() if stat.ppid in found} - found:
        found |= new
    return [Member(each, stats[each].start_ticks, " ".join(proc.read_arguments(each))) for each in found if each]


def runs_step(pid: int | None, step: int = 1) -> list[Member]:
    """Give the tree below ``pid`` if its tool runs that step now; else nothing."""
    tree = tree_of(pid)
    return tree if any(each.text.startswith("sleep ") and each.text.endswith(f".{step:03}") for each in tree) else []


def left_of(tree: list[Member]) -> list[Member]:
    """Give what is still there of a tree."""
    return [each for each in tree if each.is_there()]


# --- waiting ---------------------------------------------------------------------------------------------------------


async def works(supervisor: Supervisor, id_: str, wait_until: Any, step: int = 1) -> Any:
    """Wait until its tool runs that step; give its tree."""
    return await wait_until(lambda: runs_step(supervisor.get(id_).pid, step), timeout=LIMIT_S)


async def gone(wait_until: Any, tree: list[Member]) -> None:
    """Nothing of that tree is left, in two seconds at most."""
    await wait_until(lambda: left_of(tree) == [], timeout=2.0)


async def over(supervisor: Supervisor, id_: str) -> TaskView:
    """Wait until it is over; give its view."""
    return await asyncio.wait_for(supervisor.wait(id_), LIMIT_S)
