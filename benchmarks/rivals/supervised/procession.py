"""Procession with everything a crash must not lose: each task a child of the keeper, each step of it in the store.

The last argument is what its output is connected to: `null`, as for everybody else, or `logs`, as in daily life.
"""

from __future__ import annotations

import sys

from benchmarks.rivals.harness import WARM_UP_SPAWNS, expect_success, measure_async, take_turns
from benchmarks.rivals.home import open_desk
from procession import NULL, Command
from procession.client.context import capture_context
from procession.daemon.desk import DaemonDesk
from procession.model.context import Context
from procession.model.task import Task, task


def main() -> None:
    """Arguments: how many, the program, how many at once, a directory for state, what output goes to."""
    amount, program, at_once = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    scratch, output = sys.argv[4:6]
    streams = {"stdin": NULL, "stdout": NULL, "stderr": NULL} if output == "null" else {}
    job = task(Command(argv=(program,), **streams))
    context = capture_context()

    async def work(n: int, desk: DaemonDesk) -> int:
        return await take_turns(n, at_once, lambda: run_one(desk, job, context))

    measure_async(work, amount, WARM_UP_SPAWNS, lambda: open_desk(at_once, scratch))


async def run_one(desk: DaemonDesk, job: Task, context: Context) -> None:
    """Submits it and waits until its end is written down."""
    [id_] = desk.submit_all([job], context=context)
    view = await desk.wait(id_)
    assert view.outcome is not None
    expect_success(view.outcome.code)


main()
