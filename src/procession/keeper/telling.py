"""What the keeper says, made at the moment it is sent: a descriptor that waits in a queue is one that is held.

Not here: when. A message is a function that gives bytes, and descriptors that are closed once they are sent.
"""

from __future__ import annotations

import os

from procession.kernel.files import read_file
from procession.kernel.pidfd_open import open_pidfd
from procession.wire import frames
from procession.wire.exits import encode_exit
from procession.wire.notice_socket import NOTIFY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from procession.keeper.children import Child, Children, Refused
    from procession.keeper.held import HeldDescriptors
    from procession.keeper.journal import Journal
    from procession.keeper.notices import KeptNotices, Notice
    from procession.wire.exits import Exit

    Message = Callable[[], tuple[bytes, tuple[int, ...]]]


class Truth:
    """All that a greeting tells."""

    __slots__ = ("children", "held", "journal", "mode", "notices")

    def __init__(
        self, mode: bytes, children: Children, held: HeldDescriptors, notices: KeptNotices, journal: Journal
    ) -> None:
        """Know where it is known."""
        self.mode = mode
        self.children = children
        self.held = held
        self.notices = notices
        self.journal = journal


def greet(truth: Truth) -> Iterator[Message]:
    """Say who we are, who lives, and what is held."""
    yield _hello(truth.mode)
    for child in list(truth.children.by_key.values()):
        if truth.children.by_key.get(child.key) is child:  # it may have ended while this was being sent
            yield _with_pidfd(frames.RUNNING, child)
    for key, name in truth.held:
        yield _held(key, name, truth)
    for key in truth.notices:
        yield _held(key, NOTIFY.encode(), truth)


def welcome() -> Message:
    """Say that the greeting is over."""
    return _plain(frames.WELCOME)


def started(child: Child) -> Message:
    """Say that it runs."""
    return _with_pidfd(frames.STARTED, child)


def refused(key: int, refusal: Refused) -> Message:
    """Say that nothing was done, and why."""
    return _plain(frames.REFUSED, key, b"%d" % refusal.number, refusal.stage)


def exited(ended: Exit) -> Message:
    """Say how it ended."""
    return _plain(frames.EXITED, ended.key, *encode_exit(ended))


def noticed(notice: Notice) -> Message:
    """Say what a program said of itself, and who did."""

    def make() -> tuple[bytes, tuple[int, ...]]:
        fds = tuple(fd for each in notice.fds for fd in _duplicate(each))
        fields = (b"%d" % notice.number, b"%d" % notice.pid, b"%d" % notice.uid, notice.data.replace(b"\0", b"?"))
        return frames.encode(frames.NOTICED, notice.key, fields, len(fds)), fds

    return make


def changed(child: Child) -> Message:
    """Say that it is stopped, or is not any more; the last of several changes is enough."""
    child.told_stopped_by = child.stopped_by
    if child.stopped_by:
        return _plain(frames.STOPPED, child.key, b"%d" % child.stopped_by)
    return _plain(frames.CONTINUED, child.key)


def busy() -> bytes:
    """Say that there is another controller."""
    return frames.encode(frames.BUSY)


def _plain(op: int, key: int = 0, *fields: bytes) -> Message:
    return lambda: (frames.encode(op, key, fields), ())


def _hello(mode: bytes) -> Message:
    boot_id = read_file("/proc/sys/kernel/random/boot_id").strip()
    start_ticks = read_file("/proc/self/stat").rpartition(b")")[2].split()[19]
    return _plain(frames.HELLO, os.getpid(), b"%d" % frames.VERSION, boot_id, start_ticks, mode)


def _held(key: int, name: bytes, truth: Truth) -> Message:
    def make() -> tuple[bytes, tuple[int, ...]]:
        fd = truth.notices.find(key) if name == NOTIFY.encode() else truth.held.find(key, name)
        fds = _duplicate(fd) if fd is not None else ()
        return frames.encode(frames.HELD, key, (name,), len(fds)), fds

    return make


def _with_pidfd(op: int, child: Child) -> Message:
    """Its pid, and a descriptor on it. Without one if there is none left, or it has been reaped meanwhile."""

    def make() -> tuple[bytes, tuple[int, ...]]:
        fds = _open_pidfd(child)
        return frames.encode(op, child.key, (b"%d" % child.pid,), len(fds)), fds

    return make


def _open_pidfd(child: Child) -> tuple[int, ...]:
    try:
        pidfd = None if child.is_reaped else open_pidfd(child.pid)
    except OSError:
        return ()
    return () if pidfd is None else (pidfd,)


def _duplicate(fd: int) -> tuple[int, ...]:
    try:
        return (os.dup(fd),)
    except OSError:
        return ()
