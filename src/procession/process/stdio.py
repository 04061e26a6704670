"""Opening what a command's streams are connected to: the child's ends for the fork, ours for afterwards."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from procession.errors import NoDescriptorsLeft, StdioUnavailable
from procession.ipc.intake import Intake
from procession.kernel import terminal
from procession.kernel.oserrors import OUT_OF_DESCRIPTORS
from procession.model.command import Command
from procession.model.stdio import Descriptor, File, Inherit, Log, Merged, Null, Output, Pipe, Pty, Stdin
from procession.process.private_directory import forget_socket, listen_at
from procession.process.relayed_notices import Relay
from procession.streams.log import LogFile
from procession.wire.node_ipc import CHANNEL_FD, SERIALIZATION_MODE
from procession.wire.variables import NOTIFY_SOCKET

STREAMS = ("stdin", "stdout", "stderr")


class OpenStreams:
    """The open ends of one command's streams.

    child: the descriptors that become 0, 1 and 2. ours: our end by stream name, for pipes; a pty's master stands under
    ``pty``, its slave, which we hold open until the leader has ended, under ``slave``. logs: the log by stream name.
    further: what becomes each further number. A message channel has our end under ``channel``, the child's in further.
    environment: variables that tell the child of what was opened for it. intake: where what comes through the channel
    is kept; its pipe stands under ``messages``. relay: gives who hears notices for us.
    """

    def __init__(
        self, command: Command, numbers: Callable[[Sequence[int]], list[int]] = list, notice_path: str | None = None
    ) -> None:
        """Open everything, or nothing; ``numbers`` says at which numbers a child will find descriptors of ours.

        notice_path: where it is to be listened to.

        Raises: StdioUnavailable, NoDescriptorsLeft.
        """
        self.child: list[int] = []
        self.ours: dict[str, int] = {}
        self.logs: dict[str, LogFile] = {}
        self.further: dict[int, int] = {}
        self._command = command
        self._only_for_child: list[int] = []
        self._null: int | None = None
        self._slave: int | None = None
        self.environment: dict[str, str] = {}
        self.notice_path = notice_path or ""
        self.intake: Intake | None = None
        self.relay: Relay | None = None
        try:
            for stream in STREAMS:
                self.child.append(self._open(stream, getattr(command, stream)))
            for number, descriptor in command.fds.items():
                self.further[number] = self._open(f"fds[{number}]", Descriptor(descriptor))
            if notice_path is not None:
                self._open_notices(notice_path)
            if command.channel:
                self._open_channel(numbers)
        except BaseException:
            self.close()
            raise

    @classmethod
    def reopened(
        cls, command: Command, held: Mapping[str, int], notice_path: str = "", messages_read: int = 0
    ) -> OpenStreams:
        """Open again what belongs to a process that runs already; ``held`` are our ends of it by name.

        messages_read: up to which byte what it sent was taken note of.
        A log that cannot be opened any more is left out: the process goes on writing it, or not, without us.
        """
        streams = cls.__new__(cls)
        streams.child, streams.further = [], {}
        streams.ours, streams.logs = dict(held), {}
        streams._command = command
        streams._only_for_child = []
        streams.environment = {}
        streams.notice_path = notice_path
        for name in ("stdout", "stderr"):
            wanted = getattr(command, name)
            if isinstance(wanted, Log):
                with contextlib.suppress(StdioUnavailable):
                    streams._open_log(name, wanted)
        streams.intake = streams.relay = None
        pipe = streams.ours.pop("messages", None)
        if pipe is not None:
            try:
                streams._open_intake(messages_read, pipe)
            except StdioUnavailable:
                os.close(pipe)
        return streams

    @property
    def pty_stream(self) -> int | None:
        """Which of 0, 1 and 2 is the terminal, if one is."""
        return None if self._slave is None else self.child.index(self._slave)

    def close_child_ends(self) -> None:
        """Close, after the fork, what only the child shall hold."""
        for descriptor in self._only_for_child:
            os.close(descriptor)
        self._only_for_child.clear()

    def close(self) -> None:
        """Close everything: nothing was started."""
        self.close_child_ends()
        if "notify" in self.ours:
            forget_socket(self.notice_path)
        if self.intake is not None:
            self.ours.pop("messages")
            self.intake.close()
            self.intake = None
        for descriptor in self.ours.values():
            os.close(descriptor)
        self.ours.clear()
        for log in self.logs.values():
            log.close()
        self.logs.clear()

    def _open(self, stream: str, wanted: Stdin | Output) -> int:
        try:
            return int(_OPENERS[type(wanted)](self, stream, wanted))
        except (OSError, StdioUnavailable) as error:  # a log's own error knows neither stream nor command
            raise _explain(error, stream, wanted, self._command) from error

    def _open_null(self, _stream: str, _wanted: Null) -> int:
        if self._null is None:
            self._null = self._for_child(os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC))
        return self._null

    def _open_pipe(self, stream: str, _wanted: Pipe) -> int:
        read_end, write_end = os.pipe()
        child, ours = (read_end, write_end) if stream == "stdin" else (write_end, read_end)
        self.ours[stream] = ours
        return self._for_child(child)

    def _open_file(self, stream: str, wanted: File) -> int:
        if stream == "stdin":
            flags = os.O_RDONLY
        else:
            flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if wanted.append else os.O_TRUNC)
        # O_NONBLOCK for the opening only: a FIFO without its other end must not hold up the whole program
        descriptor = os.open(wanted.path, flags | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK, 0o666)
        os.set_blocking(descriptor, True)
        return self._for_child(descriptor)

    def _open_log(self, stream: str, wanted: Log) -> int:
        for other in self.logs.values():
            if other.path == wanted.path:
                self.logs[stream] = other
                return other.fd
        log = self.logs[stream] = LogFile(wanted.path, wanted.limit_bytes)
        return log.fd

    def _open_pty(self, _stream: str, wanted: Pty) -> int:
        if self._slave is None:
            self.ours["pty"], self._slave = terminal.open_terminal(wanted.columns, wanted.rows)
            self.ours["slave"] = self._slave
        return self._slave

    def _open_channel(self, numbers: Callable[[Sequence[int]], list[int]]) -> None:
        try:
            ours, its = socket.socketpair()
        except OSError as error:
            raise _explain(error, "channel", None, self._command) from error
        self.ours["channel"] = ours.detach()
        descriptor = self._for_child(its.detach())
        *_, landing = numbers([*self.further.values(), descriptor])
        number = landing if not self.further else max(*self.further, landing) + 1
        self.further[number] = descriptor
        self.environment |= {CHANNEL_FD: str(number), SERIALIZATION_MODE: "json"}
        if self._command.message_log is not None:
            self._open_intake()

    def _open_intake(self, read_from: int | None = None, pipe: int | None = None) -> None:
        log = self._command.message_log
        assert log is not None
        try:
            self.intake = Intake(log.path, log.limit_bytes, read_from=read_from, pipe=pipe)
        except OSError as error:
            raise _explain(error, "message_log", log, self._command) from error
        self.ours["messages"] = self.intake.pipe

    def _open_notices(self, path: str) -> None:
        try:
            self.ours["notify"] = listen_at(path).detach()
        except OSError as error:
            raise _explain(error, "notify", File(path), self._command) from error
        self.environment[NOTIFY_SOCKET] = path
        if self._command.watchdog_s is not None:
            self.environment["WATCHDOG_USEC"] = str(max(int(self._command.watchdog_s * 1_000_000), 1))

    def _open_inherited(self, stream: str, _wanted: Inherit) -> int:
        number = STREAMS.index(stream)
        os.fstat(number)
        return number

    def _open_descriptor(self, stream: str, wanted: Descriptor) -> int:
        os.fstat(wanted.fd)
        if stream not in STREAMS and wanted.fd <= 2:  # the child's own 0, 1 and 2 would take its place before
            return self._for_child(fcntl.fcntl(wanted.fd, fcntl.F_DUPFD_CLOEXEC, 3))
        return wanted.fd

    def _open_merged(self, _stream: str, _wanted: Merged) -> int:
        return self.child[1]

    def _for_child(self, descriptor: int) -> int:
        self._only_for_child.append(descriptor)
        return descriptor


_OPENERS: dict[type, Any] = {
    Null: OpenStreams._open_null,
    Pipe: OpenStreams._open_pipe,
    File: OpenStreams._open_file,
    Log: OpenStreams._open_log,
    Pty: OpenStreams._open_pty,
    Inherit: OpenStreams._open_inherited,
    Descriptor: OpenStreams._open_descriptor,
    Merged: OpenStreams._open_merged,
}


def check_descriptors(command: Command) -> None:
    """Refuse further descriptors that are not open. Raises: StdioUnavailable."""
    for number, descriptor in command.fds.items():
        with contextlib.suppress(OSError):
            os.fstat(descriptor)
            continue
        raise StdioUnavailable(
            f"cannot start {command}: descriptor {descriptor}, wanted as {number}, is not open",
            command=str(command),
            stream=f"fds[{number}]",
            path=str(descriptor),
        )


def _explain(error: OSError | StdioUnavailable, stream: str, wanted: Any, command: Command) -> Exception:
    shown = str(command)
    if error.errno in OUT_OF_DESCRIPTORS:
        return NoDescriptorsLeft(
            f"cannot start {shown}: no file descriptors left for {stream}",
            hint="close some, raise the limit (ulimit -n), or try again later",
            command=shown,
            errno=error.errno,
        )
    path = getattr(wanted, "path", None) or str(getattr(wanted, "fd", type(wanted).__name__.lower()))
    why = error.message if isinstance(error, StdioUnavailable) else _WHY.get(error.errno or 0, error.strerror)
    return StdioUnavailable(
        f"cannot start {shown}: {stream} cannot be connected to {path}: {why}",
        hint=getattr(error, "hint", ""),
        command=shown,
        stream=stream,
        path=path,
        errno=error.errno,
    )


_WHY = {errno.ENXIO: "it is a FIFO that nobody reads, or a device that is not there"}
