"""A start that is broken off while the keeper is at it: ended as soon as it happens, or left to whoever comes next."""

import asyncio
import contextlib
import os
import signal

import pytest

from procession import Keeper


@pytest.mark.in_process("stops the keeper that is the parent")
@pytest.mark.parametrize("is_left", [False, True])
async def test_a_start_that_is_broken_off(is_left, is_alive, wait_until, tmp_path):
    """Cancelled, it is ended once it happens; a supervisor that leaves ends nothing that the next one will want."""
    pid_file = tmp_path / "pid"
    script = f"echo $$ >{pid_file}.new; mv {pid_file}.new {pid_file}; exec sleep 100"
    async with Keeper() as keeper:
        link = keeper._link
        os.kill(keeper.pid, signal.SIGSTOP)
        starting = asyncio.ensure_future(keeper.spawn(["sh", "-c", script]).__aenter__())
        await wait_until(lambda: link._starting)
        if is_left:
            link.leave()
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await starting
        os.kill(keeper.pid, signal.SIGCONT)

        await wait_until(lambda: not link._starting)
        if is_left:
            await wait_until(pid_file.exists)
            assert is_alive(int(pid_file.read_text()))
        else:
            await wait_until(
                lambda: not link._told and (not pid_file.exists() or not is_alive(int(pid_file.read_text())))
            )
