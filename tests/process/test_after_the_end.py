"""A process that has ended: every request is answered clearly, nobody else is hit, and the record stays as it was."""

import os
import select

import pytest

from procession import AlreadyEnded, State, spawn


async def test_an_ended_process_cannot_be_signalled(tree_kind):
    """C036: signal, suspend and resume raise AlreadyEnded with the pid; terminate and kill give the record at once."""
    async with spawn(["sh", "-c", "exit 7"]) as process:
        outcome = await process.wait()
        for _ in range(2):
            for scope in ("leader", "tree"):
                with pytest.raises(AlreadyEnded) as raised:
                    process.send_signal("TERM", scope=scope)
                assert raised.value.pid == process.pid
            with pytest.raises(AlreadyEnded):
                await process.suspend()
            with pytest.raises(AlreadyEnded):
                await process.resume()
            assert await process.terminate() is outcome
            assert await process.kill() is outcome
        assert process.tree() == []

    assert process.outcome is outcome
    assert (outcome.code, outcome.stopped_by, outcome.forced) == (7, None, False)
    assert process.state is State.ENDED


async def test_an_ended_process_that_nobody_looked_at_yet(tree_kind):
    """C036: so it is between its end and the moment we learn of it: nothing is sent to a zombie, nothing claimed."""
    async with spawn(["sh", "-c", "exit 7"]) as process:
        wait_ended_blocking(process.pid)
        with pytest.raises(AlreadyEnded):
            process.send_signal("KILL")
        outcome = await process.terminate(0)

    assert (outcome.code, outcome.stopped_by, outcome.forced) == (7, None, False)


async def test_after_the_block_it_is_the_same(tree_kind):
    """C036: after the block, too, and a killed one stays killed by that signal."""
    async with spawn(["sleep", "60"]) as process:
        killed = await process.kill()

    with pytest.raises(AlreadyEnded):
        process.send_signal(9)
    assert await process.terminate() is killed
    assert (killed.signal, killed.stopped_by) == (9, "user")


async def test_a_number_that_is_another_process_now_is_never_hit(tree_kind, is_alive):
    """C036: what is signalled is a process, not a number: after its end nothing with its pid is touched."""
    async with spawn(["true"]) as process:
        await process.wait()
        process.pid = os.posix_spawn("/bin/sleep", ["sleep", "60"], os.environ)
        with pytest.raises(AlreadyEnded):
            process.send_signal("KILL")
        await process.kill()
        assert is_alive(process.pid)
    os.kill(process.pid, 9)
    os.waitpid(process.pid, 0)


def wait_ended_blocking(pid: int) -> None:
    """Wait, the event loop too, until a process has ended, whoever is to reap it."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    select.select([descriptor], [], [])
    os.close(descriptor)
