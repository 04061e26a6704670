"""Usage: reaps_everything.py thread|ignores|handler [old]: a host that takes the status of every child itself.

By a thread that calls waitpid(-1) all the time, by ignoring SIGCHLD, or by a handler of SIGCHLD. With `old` the kernel
is made to know nothing of exited processes, as before Linux 6.15. Prints what was learnt of 30 exits with code 7 and
one death by SIGKILL, each different answer once.
"""

import asyncio
import contextlib
import ctypes
import os
import platform
import signal
import struct
import sys
import threading

from procession import Limits, run
from procession.kernel.pidfd import _PIDFD_GET_INFO

IOCTL = {"x86_64": 16, "aarch64": 29}
ENOTTY = 25


def forbid_pidfd_info():
    """Let the kernel itself refuse that one request, as an older one would (seccomp)."""

    def instruction(code, true, false, value):
        return struct.pack("HBBI", code, true, false, value)

    load, equal, answer = 0x20, 0x15, 0x06
    program = (
        instruction(load, 0, 0, 0)
        + instruction(equal, 0, 3, IOCTL[platform.machine()])
        + instruction(load, 0, 0, 24)
        + instruction(equal, 0, 1, _PIDFD_GET_INFO)
        + instruction(answer, 0, 0, 0x50000 | ENOTTY)
        + instruction(answer, 0, 0, 0x7FFF0000)
    )
    buffer = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer)))
    libc = ctypes.CDLL(None, use_errno=True)
    assert not libc.prctl(38, 1, 0, 0, 0)
    assert not libc.prctl(22, 2, header), ctypes.get_errno()


def reap_all():
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def reap_for_ever(stop):
    while not stop.wait(0.0001):
        reap_all()


async def main():
    seen, signals = set(), set()
    for number in range(30):
        outcome = (await run(["sh", "-c", "exit 7"], **({} if number % 10 else {"limits": Limits(nice=1)}))).outcome
        seen.add((outcome.kind.value, outcome.code, outcome.signal, outcome.ok))
    outcome = (await run(["sh", "-c", "sleep 0.05; kill -KILL $$"])).outcome
    signals.add((outcome.kind.value, outcome.code, outcome.signal, outcome.ok))
    for each in sorted(map(str, seen | signals)):
        print(each)


if "old" in sys.argv:
    forbid_pidfd_info()
stop = threading.Event()
if sys.argv[1] == "thread":
    threading.Thread(target=reap_for_ever, args=(stop,), daemon=True).start()
elif sys.argv[1] == "ignores":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
else:
    signal.signal(signal.SIGCHLD, lambda *_: reap_all())
asyncio.run(main())
stop.set()
