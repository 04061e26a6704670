"""A child begins with nothing ignored and nothing blocked, whatever its host does with signals."""

import asyncio
import contextlib
import signal

import pytest

from procession import Limits, run, run_blocking, spawn

MASKS = ["sh", "-c", "grep -E '^Sig(Blk|Ign)' /proc/self/status"]
CLEAN = "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGTERM, signal.SIGTTOU, signal.SIGRTMIN + 3)


@contextlib.contextmanager
def ignoring(*numbers):
    """Ignore these signals for a while."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def blocking(*numbers):
    """Block these signals in this thread for a while."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@pytest.mark.parametrize("limits", [Limits(), Limits(nice=1)], ids=["directly", "through_bootstrap"])
async def test_ignored_signals_are_not_inherited(tree_kind, limits):
    """C010: what the host ignores, SIGCHLD too, has its default action in the child; the host goes on ignoring it."""
    with ignoring(*IGNORED, signal.SIGCHLD):
        result = await run(MASKS, limits=limits)
        still = [signal.getsignal(number) for number in (*IGNORED, signal.SIGCHLD)]

    assert result.stdout == CLEAN
    assert still == [signal.SIG_IGN] * (len(IGNORED) + 1)


async def test_blocked_signals_are_not_inherited(tree_kind):
    """C010: what the host blocks is not blocked in the child; the host goes on blocking it."""
    with blocking(signal.SIGTERM, signal.SIGCHLD):
        result = await run(MASKS)
        still = signal.pthread_sigmask(signal.SIG_BLOCK, ())

    assert result.stdout == CLEAN
    assert {signal.SIGTERM, signal.SIGCHLD} <= still


async def test_a_child_of_a_deaf_host_can_be_ended(tree_kind, first_line):
    """C010: with SIGTERM blocked and ignored in the host, SIGTERM still ends the child."""
    with ignoring(signal.SIGTERM), blocking(signal.SIGTERM):
        async with spawn(["sh", "-c", "echo ready; exec sleep 60"]) as process:
            await first_line(process)
            outcome = await process.terminate(5)

    assert (outcome.signal, outcome.forced) == (signal.SIGTERM, False)


@pytest.mark.in_process("run_blocking has a loop of its own, and there we are the parent")
async def test_another_thread_of_a_host_that_ignores_signals():
    """C010: a thread other than the first, which may set no handlers, starts clean children too."""
    with ignoring(*IGNORED):
        result = await asyncio.to_thread(run_blocking, MASKS)

    assert result.stdout == CLEAN


async def test_writers_without_a_reader_die_of_it():
    """C010: `yes | head` ends: SIGPIPE, which Python ignores, kills the writer as it would in a shell."""
    result = await run(["sh", "-c", "{ yes; kill -l $? >&2; } | head -n 1"])

    assert (result.stdout, result.stderr) == ("y\n", "PIPE\n")


async def test_a_start_that_fails_leaves_the_host_as_it_was(tmp_path):
    """C010: the host ignores what it ignored, also after a start that failed between two signals."""
    program = tmp_path / "noformat"
    program.write_text("hi")
    program.chmod(0o755)

    with ignoring(signal.SIGHUP):
        with pytest.raises(Exception, match="format"):
            await run([program])
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
