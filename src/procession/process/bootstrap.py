"""A program, never imported: becomes the job after setting up what vfork and exec alone cannot.

Started as ``python -I -S bootstrap.py SPEC PROGRAM ARGUMENTS…`` in the job's place, it resets the signal state, takes
the controlling terminal, moves descriptors, applies limits, and executes the program under the same pid. What fails
is written, as ``stage:errno``, to the descriptor named in the spec, which otherwise closes on exec. It costs some
10 ms and is used only where it is needed (docs/decisions/0004-bootstrap.md). The standard library only.
"""

import fcntl
import json
import os
import resource
import signal
import sys
import termios


def main() -> None:
    """Set everything up and become the program."""
    spec = json.loads(sys.argv[1])
    status = spec["status"]
    stage = "signals"
    try:
        fcntl.fcntl(status, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        reset_signals()
        stage = "terminal"
        if spec["terminal"] is not None:
            fcntl.ioctl(spec["terminal"], termios.TIOCSCTTY, 0)
        stage = "limits"
        apply_limits(spec["soft"], spec["hard"])
        be_as_nice(spec["inherited_nice"])
        os.nice(spec["nice"])
        stage = "descriptors"
        status = move_descriptors(spec["fds"], status)
        stage = "exec"
        variables = original_environment()
        if spec["listens"]:
            variables[b"LISTEN_PID"] = b"%d" % os.getpid()
        os.execve(spec["program"], [os.fsencode(each) for each in sys.argv[2:]], variables)
    except (OSError, ValueError) as error:
        os.write(status, f"{stage}:{getattr(error, 'errno', None) or 22}".encode())
        os._exit(127)


def reset_signals() -> None:
    """Give every signal its default action and block none."""
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_DFL)
        except (OSError, ValueError):
            continue  # KILL, STOP, and those the C library keeps
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def apply_limits(soft: dict[str, int], hard: dict[str, int]) -> None:
    """Set each named limit; a soft limit given alone keeps the hard one."""
    for name in {*soft, *hard}:
        which = getattr(resource, "RLIMIT_" + name.upper())
        old_soft, old_hard = resource.getrlimit(which)
        new_hard = hard.get(name, old_hard)
        new_soft = soft.get(name, old_soft if name not in hard or within(old_soft, new_hard) else new_hard)
        resource.setrlimit(which, (new_soft, new_hard))


def be_as_nice(change: int) -> None:
    """Be as nice as who submitted the job; where we may not be less nice than our parent, stay as nice as it."""
    try:
        os.nice(change)
    except PermissionError:
        return


def within(value: int, limit: int) -> bool:
    """Compare limits, where -1 is unlimited."""
    return limit == -1 or (value != -1 and value <= limit)


def move_descriptors(wanted: list[list[int]], status: int) -> int:
    """Put each source descriptor at its number, whatever overlaps; returns where ``status`` is now."""
    above = max([number for number, _ in wanted] + [source for _, source in wanted] + [status]) + 1
    parked = [(number, fcntl.fcntl(source, fcntl.F_DUPFD_CLOEXEC, above)) for number, source in wanted]
    status = fcntl.fcntl(status, fcntl.F_DUPFD_CLOEXEC, above)
    os.closerange(3, above)
    for number, source in parked:
        os.dup2(source, number)
        os.close(source)
    return status


def original_environment() -> dict[bytes, bytes]:
    """Give the environment as it was handed over: starting Python may have changed LC_CTYPE in it (PEP 538)."""
    with open("/proc/self/environ", "rb") as environ:
        variables = environ.read().split(b"\0")
    return dict(variable.split(b"=", 1) for variable in variables if b"=" in variable)


if __name__ == "__main__":
    main()
