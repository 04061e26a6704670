"""Our end of a message channel: lines of JSON both ways, without a thread where none is needed.

Whoever waits for something reads for all: answers go to who asked, checkpoints to who saves, the rest to who iterates.
Not here: writing (`line_writer`), and what people call (`conversation`). The wire: `procession.wire.node_ipc`.
"""

from __future__ import annotations

import _socket
import _thread
import os
import select
import struct
import time
from itertools import count

from procession.child.line_writer import LineWriter
from procession.wire.node_ipc import (
    ANSWER,
    BODY,
    CHECKPOINT,
    HANDLE,
    HANDLE_ACK,
    HANDLE_NACK,
    MESSAGE_LIMIT_BYTES,
    REQUEST,
    is_internal,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_READ_BYTES = 1 << 17
_ANCILLARY_BYTES = _socket.CMSG_SPACE(253 * 4)


class LineChannel:
    """One channel over the descriptor ``fd``, which is ours. ``take`` is given each message that is for people.

    ``take(message, descriptor)`` is called by whichever thread reads.
    """

    def __init__(self, fd: int, take: Callable[[Any, int | None], None], on_checkpoint: Callable[[Any], bool]) -> None:
        import json

        self._socket = _socket.socket(fileno=fd)
        self._socket.setblocking(True)
        self._take_message = take
        self._on_checkpoint = on_checkpoint
        self._encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
        decoder = json.JSONDecoder(parse_constant=_refuse)
        self._decode = decoder.decode
        self._scan: Callable[[str, int], tuple[Any, int]] = decoder.scan_once  # type: ignore[attr-defined]
        self._begun: list[bytes] = []
        self._begun_bytes = 0
        self._is_skipping = False
        self._descriptors: list[int] = []
        self._read_lock = _thread.allocate_lock()
        self._waiters: list[Callable[[], object]] = []
        self._numbers = count(1)
        self._answers: dict[int, dict[str, Any] | None] = {}
        self.reads = 0
        self._writer = LineWriter(self._socket)
        self.put, self.flush = self._writer.put, self._writer.flush

    @property
    def is_open(self) -> bool:
        """Whether anything can still be said, or heard."""
        return self._writer.is_open

    def fileno(self) -> int:
        """Give the number of the descriptor, to be waited for."""
        return self._socket.fileno()

    def encode(self, message: Any) -> bytes:
        """Give the line of a message. Raises: ValueError, TypeError, RecursionError: JSON has no form for it."""
        line = self._encode(message).encode() + b"\n"
        if len(line) > MESSAGE_LIMIT_BYTES:
            raise ValueError(f"the message has {len(line):,} bytes, the channel takes {MESSAGE_LIMIT_BYTES:,}")
        return line

    # --- reading ------------------------------------------------------------------------------------------------------

    def wait(self, seen: int, timeout_s: float | None = None) -> None:
        """Read something for whoever it is for, or wait until another thread has; time may be up before that.

        ``seen`` is what `reads` was before the caller looked in vain: if there was a read since, it is to look again.
        """
        if self._read_lock.acquire(blocking=False):
            try:
                if self.reads == seen and (timeout_s is None or self._is_readable(timeout_s)):
                    self._read()
            finally:
                self._read_lock.release()
                self._wake()
            return
        waiter = _thread.allocate_lock()
        waiter.acquire()
        self.call_after_read(seen, waiter.release)
        if self._read_lock.locked():  # else whoever read has just ended, and may not have seen us
            waiter.acquire(timeout=-1 if timeout_s is None else timeout_s)

    def read_now(self) -> None:
        """Read what is there, unless another thread is about to."""
        if self._read_lock.acquire(blocking=False):
            try:
                self._read(_socket.MSG_DONTWAIT)
            finally:
                self._read_lock.release()
                self._wake()

    def call_after_read(self, seen: int, call: Callable[[], object]) -> None:
        """Have it called once, by any thread, when there has been a read after those that were ``seen``."""
        self._waiters.append(call)
        if self.reads != seen:
            self._wake()

    def _read(self, flags: int = 0) -> None:
        if not self.is_open:
            return
        try:
            data, ancillary, *_ = self._socket.recvmsg(_READ_BYTES, _ANCILLARY_BYTES, flags | _socket.MSG_CMSG_CLOEXEC)
        except BlockingIOError:
            return
        except OSError:
            data, ancillary = b"", []
        for level, kind, packed in ancillary:
            if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS):
                self._descriptors += struct.unpack(f"{len(packed) // 4}i", packed[: len(packed) // 4 * 4])
        if data:
            self._take(data)
        else:
            self._writer.is_open = False
        self.reads += 1

    def ask(self, message: Any, timeout_s: float | None) -> dict[str, Any] | None:
        """Ask, and give the envelope of the answer; None where nobody will answer. Raises: TimeoutError."""
        number = self.post_question(message)
        give_up_at = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            seen = self.reads
            if self.is_answered(number) or not self.is_open:
                return self.take_answer(number)
            left_s = None if give_up_at is None else give_up_at - time.monotonic()
            if left_s is not None and left_s <= 0:
                self.take_answer(number)
                raise TimeoutError(f"no answer within {timeout_s:g} s")
            self.wait(seen, left_s)

    def post_question(self, message: Any) -> int:
        """Ask; give the number by which `take_answer` knows the answer."""
        number = next(self._numbers)
        line = self.encode({REQUEST: number, BODY: message})
        self._answers[number] = None
        self.put(line)
        return number

    def is_answered(self, number: int) -> bool:
        """Whether the answer has come."""
        return self._answers[number] is not None

    def take_answer(self, number: int) -> dict[str, Any] | None:
        """Give the envelope of an answer, if it has come; one that comes later is wanted by nobody."""
        return self._answers.pop(number)

    def close(self) -> None:
        """Close it; whoever waits comes back."""
        self._writer.is_open = False
        self._hang_up()
        self._wake()

    def _hang_up(self) -> None:
        try:
            self._socket.shutdown(_socket.SHUT_RDWR)
        except OSError:  # the other side was quicker
            return

    def abandon(self) -> None:
        """In a forked copy of a program: let go of what belongs to the original."""
        self._writer.is_open = False
        self._socket.close()

    def _is_readable(self, timeout_s: float) -> bool:
        poll = select.poll()
        poll.register(self._socket.fileno(), select.POLLIN)
        return bool(poll.poll(max(timeout_s, 0) * 1000))

    def _wake(self) -> None:
        waiters = self._waiters
        while waiters:
            try:
                call = waiters.pop()
            except IndexError:  # another thread called it
                return
            call()

    def _take(self, data: bytes) -> None:
        head, newline, rest = data.rpartition(b"\n")
        if not newline:
            self._begin(data)
            return
        lines = b"".join((*self._begun, head))
        self._begun, self._begun_bytes = [], 0
        if self._is_skipping:
            self._is_skipping, lines = False, lines.partition(b"\n")[2]
        take = self._take_special if b'"NODE_' in lines or b'"$' in lines else self._take_plain
        for line in lines.split(b"\n"):
            try:
                message = self._read_message(line.decode())
            except (ValueError, RecursionError):  # no message: nothing that is meant for us
                continue
            take(message)
        self._begin(rest)
        if self._descriptors and not rest:  # they came with a message that names none
            for descriptor in self._descriptors:
                os.close(descriptor)
            self._descriptors.clear()

    def _read_message(self, text: str) -> Any:
        """Do what `decode` does, in half the time where no blanks are around it. Raises: ValueError, RecursionError."""
        try:
            message, end = self._scan(text, 0)
        except StopIteration:
            return self._decode(text)
        return message if end == len(text) else self._decode(text)

    def _begin(self, part: bytes) -> None:
        """Keep the beginning of a line; of one that is longer than a message can be, nothing."""
        self._begun_bytes += len(part)
        if self._begun_bytes > MESSAGE_LIMIT_BYTES:
            self._begun, self._is_skipping = [], True
        elif part and not self._is_skipping:
            self._begun.append(part)

    def _take_plain(self, message: Any) -> None:
        self._take_message(message, None)

    def _take_special(self, message: Any) -> None:
        if type(message) is not dict:
            self._take_message(message, None)
        elif ANSWER in message:
            number = message[ANSWER]
            if isinstance(number, int) and number in self._answers:
                self._answers[number] = message
        elif CHECKPOINT in message and self._on_checkpoint(message[CHECKPOINT]):
            return
        elif is_internal(message):
            self._take_internal(message)
        else:
            self._take_message(message, None)

    def _take_internal(self, message: dict[str, Any]) -> None:
        kind = message["cmd"]
        if kind in (HANDLE_ACK, HANDLE_NACK):
            self._writer.settle_handle(arrived=kind == HANDLE_ACK)
        elif kind == HANDLE:
            descriptor = self._descriptors.pop(0) if self._descriptors else None
            reply = self.encode({"cmd": HANDLE_NACK if descriptor is None else HANDLE_ACK})
            self._writer.put_first(reply)
            if descriptor is not None:
                self._take_message(message.get("msg"), descriptor)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
