"""How a child ended: its code or its signal, never mixed up, and not before it has."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from procession import (
    NULL,
    CoreDumped,
    ExitedWithCode,
    KilledBySignal,
    Limits,
    OutcomeKind,
    State,
    run,
    spawn,
)
from procession.model.event import Exited

QUIET = {"stdout": NULL, "stderr": NULL}


async def test_every_code_is_itself():
    """C030: exits 0 to 255 are these codes and no signal; only 0 is a success."""
    for first in range(0, 256, 32):
        ran = await asyncio.gather(*(run(["sh", "-c", f"exit {code}"], **QUIET) for code in range(first, first + 32)))
        assert [(each.code, each.signal) for each in ran] == [(code, None) for code in range(first, first + 32)]
        assert [each.ok for each in ran] == [code == 0 for code in range(first, first + 32)]


async def test_codes_beyond_a_byte_are_what_the_kernel_makes_of_them(python):
    """C030: exit 256 is code 0, exit -1 is code 255."""
    codes = [(await run([python, "-I", "-S", "-c", f"import os; os._exit({code})"])).code for code in (256, -1, 257)]

    assert codes == [0, 255, 1]


async def test_137_is_not_sigkill(tree_kind):
    """C030: `exit 137` is a code; death by SIGKILL is a signal; neither is taken for the other."""
    exited = (await run(["sh", "-c", "exit 137"])).outcome
    killed = (await run(["sh", "-c", "kill -KILL $$"])).outcome

    assert (exited.kind, exited.code, exited.signal) == (OutcomeKind.FAILED, 137, None)
    assert (killed.kind, killed.code, killed.signal) == (OutcomeKind.KILLED, None, signal.SIGKILL)
    assert killed.signal_name == "SIGKILL"
    assert "not sent by this program" in killed.message


async def test_every_signal_that_ends_is_itself():
    """C030: death by each signal whose default is to end, real-time ones included, has its number and a name."""
    harmless = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH}
    stopping = {signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
    numbers = sorted(int(number) for number in signal.valid_signals() - harmless - stopping)

    ran = await asyncio.gather(*(run(["sh", "-c", f"ulimit -c 0; kill -{number} $$"], **QUIET) for number in numbers))

    assert [(each.code, each.signal) for each in ran] == [(None, number) for number in numbers]
    assert all(each.outcome.signal_name for each in ran)
    assert {each.outcome.signal: each.outcome.signal_name for each in ran}[40].startswith("SIGRTMIN+")
    assert not any(each.outcome.core_dumped for each in ran)


async def test_a_core_is_reported_only_when_it_was_written(tmp_path):
    """C030: death by SIGSEGV says core dumped if one was written, and not if the limit forbade it."""
    if Path("/proc/sys/kernel/core_pattern").read_text().strip() != "core":
        pytest.skip("cores do not go to the working directory here")
    script = ["sh", "-c", "kill -SEGV $$"]

    with_core = await run(script, cwd=tmp_path, limits=Limits(soft={"core": -1}))
    without = await run(script, cwd=tmp_path, limits=Limits(soft={"core": 0}))

    assert (with_core.signal, with_core.outcome.core_dumped) == (signal.SIGSEGV, True)
    assert (without.signal, without.outcome.core_dumped) == (signal.SIGSEGV, False)
    with pytest.raises(CoreDumped, match="core dumped"):
        with_core.check()
    with pytest.raises(KilledBySignal) as raised:
        without.check()
    assert type(raised.value) is KilledBySignal


async def test_an_error_has_the_shape_of_the_result():
    """C030: what check=True raises has everything the result has, and the last of stderr in its message."""
    with pytest.raises(ExitedWithCode, match="exited with code 3") as raised:
        await run(["sh", "-c", "echo out; echo reason >&2; exit 3"], check=True)

    error = raised.value
    assert (error.stdout, error.stderr, error.result.code, error.outcome.code) == ("out\n", "reason\n", 3, 3)
    assert "reason" in str(error)


async def test_one_that_ends_before_we_look_has_its_code(tree_kind):
    """C030: 50 programs that are gone at once all have their code, and their pid is known."""
    for _ in range(50):
        async with spawn(["sh", "-c", "exit 9"], **QUIET) as process:
            time.sleep(0.002)
            outcome = await process.wait()
        assert (outcome.code, process.pid > 0) == (9, True)


async def test_exec_keeps_the_process():
    """C030: a leader that executes another program is still the leader; the code is that of what it became."""
    assert (await run(["sh", "-c", "exec sh -c 'exit 4'"])).code == 4


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
async def test_the_first_thread_may_end_first(tree_kind, tmp_path, children, first_line):
    """C037: a program whose first thread has ended runs on while another does: running, signallable, then its code."""
    program = tmp_path / "program"
    subprocess.run(["cc", "-pthread", "-o", program, children / "ends_its_first_thread.c"], check=True)
    events = []

    async with spawn([program, "500"], on_event=events.append) as process:
        await first_line(process)
        state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        began = time.monotonic()
        assert state == "Z"
        while time.monotonic() - began < 0.3:
            assert process.state is State.RUNNING
            assert [member.pid for member in process.tree()] == [process.pid]
            await asyncio.sleep(0.05)
        process.send_signal("URG")
        assert not [event for event in events if isinstance(event, Exited)]
        outcome = await process.wait()

    assert (outcome.code, outcome.signal) == (5, None)


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
async def test_a_program_without_its_first_thread_can_be_ended(tree_kind, tmp_path, children, first_line, is_alive):
    """C037: signals still reach it."""
    program = tmp_path / "program"
    subprocess.run(["cc", "-pthread", "-o", program, children / "ends_its_first_thread.c"], check=True)

    async with spawn([program, "60000"]) as process:
        await first_line(process)
        outcome = await process.terminate(5)
        assert not is_alive(process.pid)

    assert (outcome.signal, outcome.forced) == (signal.SIGTERM, False)


async def test_pids_of_children_stay_ours(tree_kind):
    """C030: nothing but the child itself is reaped: a child of the host beside it keeps its own status."""
    beside = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 6"], os.environ)

    for _ in range(5):
        assert (await run(["sh", "-c", "exit 2"])).code == 2

    assert os.waitstatus_to_exitcode(os.waitpid(beside, 0)[1]) == 6
