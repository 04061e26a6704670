"""What a process is blocked in: which system call, and on what kind of descriptors. Never raises; None where unknown.

Source: proc(5), ``/proc/<pid>/syscall`` (number and arguments of the first thread; only for who may trace it), else
``/proc/<pid>/wchan``; of an epoll descriptor, ``/proc/<pid>/fdinfo/<fd>`` names what it watches. What poll(2) watches
stands in the memory of the process and is not looked at: with one descriptor it is taken to be the first.
docs/design/gotchas.md, "What a process waits for".
"""

from __future__ import annotations

import os
import platform
import re
from typing import Final, Literal, NamedTuple

from procession.kernel.files import read_file

Kind = Literal["terminal", "pipe", "socket", "other"]


class Wait(NamedTuple):
    """``call``: what it is blocked in; "running" if it is not. ``watched``: the descriptors it waits for there."""

    call: str
    watched: tuple[int, ...] = ()


_X86_64: Final = {
    0: "read", 7: "poll", 19: "readv", 23: "select", 35: "nanosleep", 43: "accept", 45: "recvfrom", 47: "recvmsg",
    61: "wait4", 202: "futex", 230: "clock_nanosleep", 232: "epoll_wait", 247: "waitid", 270: "pselect6",
    271: "ppoll", 281: "epoll_pwait", 288: "accept4", 34: "pause", 130: "rt_sigsuspend", 441: "epoll_pwait2",
}  # fmt: skip
_AARCH64: Final = {
    22: "epoll_pwait", 63: "read", 65: "readv", 72: "pselect6", 73: "ppoll", 95: "waitid", 98: "futex",
    101: "nanosleep", 115: "clock_nanosleep", 133: "rt_sigsuspend", 202: "accept", 207: "recvfrom", 212: "recvmsg",
    242: "accept4", 260: "wait4", 441: "epoll_pwait2",
}  # fmt: skip
_CALLS: Final = {"x86_64": _X86_64, "aarch64": _AARCH64}.get(platform.machine(), {})
_OF_DESCRIPTOR: Final = frozenset({"read", "readv", "accept", "accept4", "recvfrom", "recvmsg"})
_OF_EPOLL: Final = frozenset({"epoll_wait", "epoll_pwait", "epoll_pwait2"})
_OF_COUNT: Final = {"select": 0, "pselect6": 0, "poll": 1, "ppoll": 1}
_CHANNELS: Final = {"n_tty_read": "read", "wait_woken": "read", "pipe_read": "read", "anon_pipe_read": "read"}
_TARGET: Final = re.compile(rb"^tfd:\s*(\d+)", re.MULTILINE)
_WRITES: Final = os.O_WRONLY | os.O_RDWR


def read_wait(pid: int) -> Wait | None:
    """Say what the first thread of ``pid`` is blocked in; None if it is gone, or cannot be looked at."""
    words = read_file(f"/proc/{pid}/syscall").split()
    if not words:
        return _wait_by_channel(pid)
    if words[0] == b"running":
        return Wait("running")
    number = int(words[0])
    if number < 0:  # in the kernel, but in no call: a page is being read for it, say
        return Wait("running")
    call = _CALLS.get(number, f"system call {number}")
    return Wait(call, _watched(pid, call, [int(word, 16) for word in words[1:7]]))


def kind_of(pid: int, fd: int) -> Kind:
    """Say what is open as ``fd`` in ``pid``."""
    target = _link(pid, fd)
    if target.startswith(("/dev/pts/", "/dev/tty", "/dev/console")):
        return "terminal"
    if target.startswith("pipe:"):
        return "pipe"
    return "socket" if target.startswith("socket:") else "other"


def pipes_written_by(pid: int) -> set[str]:
    """Name the pipes that ``pid`` holds a writing end of."""
    found = set()
    for fd in _descriptors(pid):
        target = _link(pid, fd)
        if target.startswith("pipe:") and _flags(pid, fd) & _WRITES:
            found.add(target)
    return found


def pipe_name(pid: int, fd: int) -> str:
    """Name the pipe that is open as ``fd`` in ``pid``, as `pipes_written_by` does; empty if it is gone."""
    return _link(pid, fd)


def _watched(pid: int, call: str, arguments: list[int]) -> tuple[int, ...]:
    if call in _OF_DESCRIPTOR:
        return (arguments[0],)
    if call in _OF_EPOLL:
        listed = read_file(f"/proc/{pid}/fdinfo/{arguments[0]}")
        return tuple(int(each) for each in _TARGET.findall(listed))
    place = _OF_COUNT.get(call)
    return (0,) if place is not None and arguments[place] == 1 else ()


def _wait_by_channel(pid: int) -> Wait | None:
    channel = read_file(f"/proc/{pid}/wchan").decode(errors="replace")
    if not channel or channel == "0":
        return None
    call = _CHANNELS.get(channel)
    return Wait(channel) if call is None else Wait(call, (0,))


def _link(pid: int, fd: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/fd/{fd}")
    except OSError:
        return ""


def _descriptors(pid: int) -> list[int]:
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/fd")]
    except OSError:
        return []


def _flags(pid: int, fd: int) -> int:
    for line in read_file(f"/proc/{pid}/fdinfo/{fd}").split(b"\n"):
        if line.startswith(b"flags:"):
            return int(line.split()[1], 8)
    return 0
