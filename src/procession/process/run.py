"""`run`: one command to its end, its output in memory, bounded. `run_blocking` is the same for plain scripts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from procession.errors import InputClosed, OutputLimitReached
from procession.model.command import Argument, Command
from procession.model.stdio import PIPE
from procession.process.process import Process
from procession.process.result import Result
from procession.process.spawn import make_command, spawn
from procession.streams.head_tail import HeadTail
from procession.streams.output import PipeOutput


async def run(
    given: Command | Sequence[Argument],
    /,
    *,
    input: str | bytes | None = None,  # noqa: A002 - the name everybody knows from subprocess.run
    check: bool = False,
    text: bool = True,
    encoding: str = "utf-8",
    errors: str = "replace",
    fail_on_limit: bool = False,
    **options: Any,
) -> Result:
    """Run one command to its end and give everything there is.

    ``result = await run(["git", "status"], cwd=repo, timeout=30)``


    input: given to standard input, which is then closed; a child that does not read it does no harm. Text is encoded
    as ``encoding`` says.
    check: raise the EndError of its kind unless it succeeded. Without it only a failure to *start* raises.
    text: give text (``encoding``, ``errors``) instead of bytes.
    fail_on_limit: raise OutputLimitReached if output had to be dropped (command.output_limit_bytes, 100 MB a stream).
    options: replace fields of the command; ``timeout`` and ``grace`` are seconds.
    Whatever of the tree outlives the leader is ended, unless ``descendants="keep"``.
    Raises: InvalidCommand, StartError, and as said above EndError.
    """
    fed = None if input is None else _encode(input, encoding, errors)
    if fed is not None:
        options.setdefault("stdin", PIPE)
    command = make_command(given, options)
    async with spawn(command) as process:
        kept = _keep_output(process)
        await _feed_and_wait(process, fed)
    result = _collect(process, kept, (encoding, errors) if text else None)
    if check:
        result.check()
    if fail_on_limit and (result.stdout_dropped_bytes or result.stderr_dropped_bytes):
        dropped = result.stdout_dropped_bytes + result.stderr_dropped_bytes
        raise OutputLimitReached(f"{command}: {dropped:,} bytes of output were dropped", result=result)
    return result


def run_blocking(given: Command | Sequence[Argument], /, **options: Any) -> Result:
    """Do the same as `run` in a script without an event loop. Takes and raises the same.

    Raises: RuntimeError: within a running event loop, where it would block everything; await `run` there.
    """
    running = run(given, **options)
    try:
        return asyncio.run(running)
    finally:
        running.close()


def _keep_output(process: Process) -> dict[str, HeadTail]:
    """Collect every pipe; a pty counts as stdout alone."""
    pipes = {id(each): each for each in process.outputs.values() if isinstance(each, PipeOutput)}
    return {pipe.name: pipe.keep() for pipe in pipes.values()}


def _encode(given: str | bytes, encoding: str, errors: str) -> bytes:
    """Encode text, never into question marks. Raises: UnicodeEncodeError, TypeError."""
    if isinstance(given, str):
        return given.encode(encoding, "strict" if errors == "replace" else errors)
    return memoryview(given).tobytes() if not isinstance(given, bytes) else given


async def _feed_and_wait(process: Process, given: bytes | None) -> None:
    if given is None:
        await process.wait()
        return
    doings = [asyncio.ensure_future(_feed(process, given)), asyncio.ensure_future(process.wait())]
    try:
        # input that cannot be given must not leave the child waiting for it
        await asyncio.wait(doings, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for doing in doings:
            doing.cancel()
        ends = await asyncio.gather(*doings, return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException):
            raise end


async def _feed(process: Process, given: bytes) -> None:
    with contextlib.suppress(InputClosed):
        await process.stdin.write(given)
        await process.stdin.close()


def _collect(process: Process, kept: dict[str, HeadTail], decoding: tuple[str, str] | None) -> Result:
    assert process.outcome is not None
    return Result(
        command=process.command,
        outcome=process.outcome,
        pid=process.pid,
        started_at=process.started_at,
        duration_s=process.outcome.duration_s or 0.0,
        stdout=_value(kept.get("stdout"), decoding),
        stderr=_value(kept.get("stderr"), decoding),
        stdout_dropped_bytes=_dropped(kept.get("stdout")),
        stderr_dropped_bytes=_dropped(kept.get("stderr")),
    )


def _value(kept: HeadTail | None, decoding: tuple[str, str] | None) -> str | bytes | None:
    if kept is None:
        return None
    return kept.getvalue().decode(*decoding) if decoding else kept.getvalue()


def _dropped(kept: HeadTail | None) -> int:
    return kept.dropped_bytes if kept is not None else 0
