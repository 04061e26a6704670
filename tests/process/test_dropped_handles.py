"""A job nobody holds a handle of any more lives on, is watched, and leaves no zombie."""

import asyncio
import gc
import os
import signal
import weakref

from procession import NULL, PIPE, spawn

QUIET = {"stdout": NULL, "stderr": NULL}


async def start_and_drop(argv, heard, **options):
    """Start a job and forget everything about it but its pid."""
    process = await spawn(argv, on_event=heard.append, **options).__aenter__()
    return process.pid, weakref.ref(process)


async def test_a_dropped_job_lives_on(tree_kind, is_alive, wait_until):
    """C043: after its handle was dropped and collected a job runs on, and its end is seen and reaped."""
    heard = []
    pid, _ = await start_and_drop(["sleep", "60"], heard, **QUIET)
    for _ in range(3):
        gc.collect()
        await asyncio.sleep(0.05)
    assert is_alive(pid)

    os.kill(pid, signal.SIGTERM)
    await wait_until(lambda: heard[-1].name in {"closed", "tree_empty"} and len(heard) >= 5)

    assert [event.signal for event in heard if event.name == "exited"] == [signal.SIGTERM]
    assert not os.path.exists(f"/proc/{pid}")


async def test_dropped_jobs_are_collected_after_their_end(tree_kind, wait_until):
    """C043: once it has ended nothing holds its object any more: 20 dropped jobs leave no object and no descriptor."""
    heard = []
    dropped = [(await start_and_drop(["true"], heard))[1] for _ in range(20)]
    await wait_until(lambda: sum(event.name == "tree_empty" for event in heard) == 20)

    def are_collected():
        gc.collect()
        return not any(reference() for reference in dropped)

    await wait_until(are_collected)


async def test_dropping_a_pipe_to_a_dropped_job_does_not_kill_it(is_alive, wait_until):
    """C043: its streams stay open as long as it lives; it is not ended by a broken pipe."""
    heard = []
    pid, _ = await start_and_drop(["sh", "-c", "sleep 0.2; echo still here; read line; exit 6"], heard, stdin=PIPE)
    gc.collect()
    await asyncio.sleep(0.4)
    gc.collect()
    assert is_alive(pid)

    os.kill(pid, signal.SIGKILL)
    await wait_until(lambda: any(event.name == "exited" for event in heard))


def test_a_loop_that_ends_before_a_dropped_job(is_alive):
    """C043: when the event loop itself is gone a dropped job still lives; nothing complains, and it can be reaped."""
    heard = []
    pid, _ = asyncio.run(start_and_drop(["sleep", "60"], heard, **QUIET))
    gc.collect()

    assert is_alive(pid)
    os.kill(pid, signal.SIGKILL)
    assert os.waitpid(pid, 0) == (pid, signal.SIGKILL)
