"""A whole daemon over a desk that follows a script, with `waits` a task that never ends; says when it is over."""

import asyncio
import contextlib
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "api"))

from scripted_desk import ScriptedDesk

from procession.daemon.assemble import Parts
from procession.daemon.paths import find_paths
from procession.daemon.run import run_daemon
from procession.errors import ProcessionError
from procession.model.command import command
from procession.model.task import task


@contextlib.asynccontextmanager
async def _nothing(*_):
    yield None


@contextlib.asynccontextmanager
async def _desk(*_):
    desk = ScriptedDesk()
    desk.submit_all([task(command(["true"]), name="waits")])
    yield desk
    print("left", desk.is_shut_down, flush=True)


if "fails" in sys.argv:
    sys.exit("line one\nit cannot be")
try:
    asyncio.run(run_daemon(find_paths(), Parts(_nothing, _nothing, _desk)))
except ProcessionError as error:
    sys.exit(f"{error.code}: {error}")
