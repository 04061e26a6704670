"""`procession wait`: until tasks are over, however long that takes, through restarts of the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from procession.cli.asking import ask_daemon, json_option, tell_break
from procession.cli.parameters import read_duration
from procession.cli.selecting import select_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from procession.client.answers import Waited
    from procession.ipc.marker import Marker
    from procession.model.view import TaskView

EPILOG = """\b
Examples:
  procession wait train && procession submit -- ./report
  procession wait --all --timeout 1h
  procession wait --any a b c
  procession wait --exit-code train; echo $?
  procession wait --ready db && ./migrate
  procession wait --marker train && ./report < ~/.local/state/procession/markers/train.done

\b
Exit status: 0 all succeeded; 1 one did not; 5 time was up before all were over;
3 no such task; 4 no daemon; 2 for a wrong use. With --exit-code: that of the one
task, 128+n if signal n ended it, as `run` has it.

\b
--marker waits for files, and asks nobody: it needs no daemon, and a task may have
said that it is done without being over. Exit status 1: a marker tells of another
end than success, or cannot be trusted.
"""


@click.command("wait", epilog=EPILOG, short_help="Wait until tasks are over.")
@click.option("--timeout", metavar="DURATION", callback=read_duration, help="Wait no longer than this (exit 5).")
@click.option("--any", "any_of", is_flag=True, help="Until one of them is over.")
@click.option("--exit-code", is_flag=True, help="Pass on how the one task ended.")
@click.option("--ready", is_flag=True, help="Until they can be used (exit 1: over before that).")
@click.option("--marker", is_flag=True, help="Until the markers of these tasks are there; no daemon is asked.")
@json_option
@select_options
def wait_verb(
    *,
    words: tuple[str, ...],
    select: dict[str, Any],
    timeout: float | None,
    any_of: bool,
    exit_code: bool,
    ready: bool,
    marker: bool,
    as_json: bool,
) -> int:
    """Wait until tasks are over, retries included; tell how each ended."""
    from procession.cli.exit_codes import TIMED_OUT_WAITING, exit_code_of_outcome

    if marker:
        if exit_code or ready or not words or any(select.values()):
            raise click.UsageError("--marker waits for the tasks that are named one by one, and knows no exit code")
        return _wait_for_markers(words, timeout, any_of=any_of, as_json=as_json)
    if ready:
        if exit_code or any_of:
            raise click.UsageError("--ready waits for all of them, and knows no exit code")
        return _wait_until_ready(words, select, timeout, as_json=as_json)
    waited = _wait_for_any(words, select, timeout) if any_of else _wait_for_all(words, select, timeout)
    _tell(waited.tasks, as_json=as_json)
    if waited.timed_out:
        return TIMED_OUT_WAITING
    if exit_code:
        if len(waited.tasks) != 1 or waited.tasks[0].outcome is None:
            raise click.UsageError(f"--exit-code is for one task, and {len(waited.tasks)} were named")
        return exit_code_of_outcome(waited.tasks[0].outcome)
    return 0 if all(view.ok for view in waited.tasks if view.is_over) else 1


def _wait_for_all(words: Sequence[str], select: dict[str, Any], timeout_s: float | None) -> Waited:
    with ask_daemon() as client:
        return client.wait(*words, timeout_s=timeout_s, **select)


def _wait_for_any(words: Sequence[str], select: dict[str, Any], timeout_s: float | None) -> Waited:
    """Ask for each of them at once; the first answer that is one ends it."""
    import asyncio

    from procession.client.answers import Waited
    from procession.client.async_client import AsyncClient

    async def wait() -> Waited:
        async with AsyncClient(on_break=tell_break) as client:
            views = await client.list(*words, **select)
            if any(view.is_over for view in views):
                return Waited(tasks=tuple(view for view in views if view.is_over))
            asking = [asyncio.ensure_future(client.wait(view.id, timeout_s=timeout_s)) for view in views]
            try:
                done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
                return next(iter(done)).result()
            finally:
                for each in asking:
                    each.cancel()
                await asyncio.gather(*asking, return_exceptions=True)

    return asyncio.run(wait())


def _wait_until_ready(words: Sequence[str], select: dict[str, Any], timeout_s: float | None, *, as_json: bool) -> int:
    from procession.cli.exit_codes import OK, TASK_FAILED, TIMED_OUT_WAITING
    from procession.cli.text import show_safely

    with ask_daemon() as client:
        waited = client.wait_ready(*words, timeout_s=timeout_s, **select)
    if as_json:
        _tell(waited.tasks, as_json=True)
    else:
        for view in waited.tasks:
            print(f"{show_safely(view.id)}  {'ready' if view.ready else 'not ready'}")
    if waited.timed_out:
        return TIMED_OUT_WAITING
    return OK if all(view.ready for view in waited.tasks) else TASK_FAILED


def _wait_for_markers(words: Sequence[str], timeout_s: float | None, *, any_of: bool, as_json: bool) -> int:
    import asyncio

    from procession.cli.exit_codes import OK, TASK_FAILED, TIMED_OUT_WAITING

    seen: list[Marker] = []

    async def wait() -> None:
        from procession.client.marker import wait_marker

        waiting = {asyncio.ensure_future(wait_marker(word)) for word in dict.fromkeys(words)}
        async with asyncio.timeout(timeout_s):
            try:
                for each in asyncio.as_completed(waiting):
                    seen.append(await each)
                    _tell_marker(seen[-1], as_json=as_json)
                    if any_of:
                        return
            finally:
                for task in waiting:
                    task.cancel()
                await asyncio.gather(*waiting, return_exceptions=True)

    try:
        asyncio.run(wait())
    except TimeoutError:
        return TIMED_OUT_WAITING
    return OK if all(marker.ok for marker in seen) else TASK_FAILED


def _tell_marker(marker: Marker, *, as_json: bool) -> None:
    """A line for people, or the marker as it is, the moment it is there."""
    import msgspec

    from procession.cli.text import show_safely

    if as_json:
        print(msgspec.json.encode(marker).decode(), flush=True)
        return
    result = "" if marker.result is None else f"  {msgspec.json.encode(marker.result).decode()}"
    print(f"{show_safely(marker.task)}  {marker.outcome or 'done'}{show_safely(result)}", flush=True)


def _tell(views: Sequence[TaskView], *, as_json: bool) -> None:
    from procession.cli.telling import describe, print_tasks
    from procession.cli.text import show_safely

    if as_json:
        print_tasks(views)
        return
    for view in views:
        print(f"{show_safely(view.id)}  {describe(view)}")
