"""The streams of a running process, put together from the ends that were opened for it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable
from functools import partial

import msgspec

from procession.errors import StreamUnavailable
from procession.ipc.channel import Channel
from procession.kernel import terminal
from procession.model.command import Command
from procession.model.event import Event, LogDiskFull, LogDiskRecovered, LogNotBounded, LogUnwritable
from procession.model.stdio import Pty
from procession.process.notice_source import NoticeSource
from procession.process.relayed_notices import RelayedSource
from procession.process.stdio import OpenStreams
from procession.streams import disk
from procession.streams.answering import TerminalAnswers
from procession.streams.note import ArrivalNote
from procession.streams.output import LogOutput, OutputStream, PipeOutput
from procession.streams.reader import PipeReader
from procession.streams.recorder import Recording
from procession.streams.writer import PipeWriter

NOTE_SUFFIX = ".arrivals"
STREAM_NUMBERS = {"stdout": 1, "stderr": 2}

_EVENT_OF_FACT: dict[type, type[Event]] = {
    disk.LogDiskFull: LogDiskFull,
    disk.LogDiskRecovered: LogDiskRecovered,
    disk.LogNotBounded: LogNotBounded,
    disk.LogUnwritable: LogUnwritable,
}


class Wiring:
    """stdin: the writer, if there is one. outputs: by stream name; a pty stands under each stream it serves."""

    def __init__(
        self,
        command: Command,
        streams: OpenStreams,
        on_output_end: Callable[[str], None],
        tell: Callable[[Event], None],
        pid: int,
    ) -> None:
        """Take over the open ends."""
        self.stdin: PipeWriter | None = None
        self.channel: Channel | None = None
        self.notice_source: NoticeSource | RelayedSource | None = None
        self.outputs: dict[str, OutputStream] = {}
        self._command = command
        self._on_output_end = on_output_end
        self._tell = tell
        self._pid = pid
        self._done = asyncio.Event()
        self._readers: list[PipeReader] = []
        self._logs = streams.logs
        self._note: ArrivalNote | None = None
        self._recording: Recording | None = None
        self._master = streams.ours.get("pty")
        self._terminal: PipeReader | None = None
        self._answers: TerminalAnswers | None = None
        # Without it, a child that closes its terminal a moment before it ends looks like the end of the output; our
        # closing the master then would kill it by SIGHUP. It may also come back by /dev/tty.
        self._slave = streams.ours.pop("slave", None)
        streams.ours.pop("messages", None)  # its owner is the intake
        for stream, descriptor in streams.ours.items():
            self._connect(stream, descriptor, streams)
        streams.ours.clear()
        if self._logs:
            self._connect_logs()

    def input(self) -> PipeWriter:
        """Give the writer of its standard input. Raises: StreamUnavailable."""
        if self.stdin is None:
            raise _unavailable("stdin", "pass stdin=PIPE to write to it")
        return self.stdin

    def conversation(self) -> Channel:
        """Give its message channel. Raises: StreamUnavailable."""
        if self.channel is None:
            raise _unavailable("channel", "pass channel=True, or use fork()")
        return self.channel

    def output(self, stream: str) -> OutputStream:
        """Give one of its outputs. Raises: StreamUnavailable."""
        output = self.outputs.get(stream)
        if output is None:
            raise _unavailable(stream, f"pass {stream}=PIPE, a Log or a Pty to read it here")
        return output

    def distinct_outputs(self) -> list[OutputStream]:
        """Give each output once, even if it serves two streams."""
        return list({id(output): output for output in self.outputs.values()}.values())

    def pipe_names(self) -> list[str]:
        """Name the streams that come through pipes or a pty."""
        return [reader.name for reader in self._readers]

    def open_readers(self) -> list[PipeReader]:
        """Give the pipes that have not ended: unread ones whose writers are gone count as ended."""
        return [each for each in self._readers if not each.ended and (each.claimed or not each.writers_are_gone())]

    def collect_unread(self) -> None:
        """Keep, from now on, what nobody reads."""
        for output in self.distinct_outputs():
            if isinstance(output, PipeOutput):
                output.keep_unread()

    def note_exit(self) -> None:
        """Nobody reads our writing any more; a terminal, and a channel, may be held by somebody else."""
        if self.channel is not None:
            self.channel.finish()
        if self.stdin is not None:
            self.stdin.close_now()
        if self._slave is not None:
            os.close(self._slave)
            self._slave = None

    def release(self) -> None:
        """Leave the channel to whoever comes after us: it is not closed, and what comes now is for him."""
        if self.channel is not None:
            self.channel.leave()

    def note_closed(self) -> None:
        """All is written that will be: it is noted, and followers come to their end."""
        self._done.set()
        self._close_logs()

    async def settle(self, limit_s: float) -> None:
        """Give readers who are at it the time to read to the end."""
        deadline = asyncio.get_running_loop().time() + limit_s
        while any(not each.ended and each.claimed for each in self._readers):
            if asyncio.get_running_loop().time() > deadline:
                return
            await asyncio.sleep(0.001)

    def resize(self, columns: int, rows: int) -> None:
        """Give the pty another size. Raises: StreamUnavailable."""
        if self._master is None or self._terminal is None or self._terminal.ended:
            raise StreamUnavailable("the process has no terminal", hint="pass stdout=PTY", stream="pty")
        terminal.set_size(self._master, columns, rows)
        if self._answers is not None:
            self._answers.resize(columns, rows)

    async def close(self) -> None:
        """Let go of everything; what a log still has to note is noted first."""
        self.note_closed()
        self.note_exit()
        for reader in self._readers:
            reader.close()
        if self.channel is not None:
            self.channel.discard()

    def _connect(self, stream: str, descriptor: int, streams: OpenStreams) -> None:
        if stream == "stdin":
            self.stdin = PipeWriter(descriptor)
        elif stream == "notify":
            source = NoticeSource(socket.socket(fileno=descriptor), streams.notice_path)
            self.notice_source = source if streams.relay is None else streams.relay(source)
        elif stream == "channel":
            connection = socket.socket(fileno=descriptor)
            limit_bytes, intake = self._command.message_limit_bytes, streams.intake
            self.channel = Channel(connection, limit_bytes, self._tell, pid=self._pid, intake=intake)
        elif stream == "pty":
            self._connect_pty(descriptor)
        else:
            self.outputs[stream] = self._read(stream, descriptor)

    def _connect_pty(self, master: int) -> None:
        serves = [name for name in ("stdout", "stderr") if isinstance(getattr(self._command, name), Pty)]
        output = self._read(serves[0] if serves else "stdout", master)
        self.outputs.update(dict.fromkeys(serves, output))
        size = next(
            each for each in (self._command.stdout, self._command.stderr, self._command.stdin) if isinstance(each, Pty)
        )
        self._terminal = output.reader
        self._answers = TerminalAnswers(size.columns, size.rows)
        output.reader.answer = partial(_answer, master, self._answers)
        if isinstance(self._command.stdin, Pty):
            self.stdin = PipeWriter(os.dup(master), terminal=True)

    def _read(self, stream: str, descriptor: int) -> PipeOutput:
        reader = PipeReader(descriptor, stream, partial(self._on_output_end, stream))
        self._readers.append(reader)
        return PipeOutput(reader, self._command.line_limit_bytes, self._command.output_limit_bytes)

    def _connect_logs(self) -> None:
        limit = self._command.line_limit_bytes
        for stream, log in self._logs.items():
            self.outputs[stream] = LogOutput(stream, log, limit, self._done)
        distinct = {STREAM_NUMBERS[stream]: log for stream, log in reversed(self._logs.items())}
        first = next(iter(self._logs.values()))
        self._note = ArrivalNote(first.path + NOTE_SUFFIX)
        self._recording = Recording(distinct, self._note, self._tell_fact)

    def _tell_fact(self, fact: disk.LogFact) -> None:
        kind = _EVENT_OF_FACT[type(fact)]
        self._tell(kind(at=time.time(), **msgspec.structs.asdict(fact)))

    def _close_logs(self) -> None:
        if self._recording is not None:
            self._recording.close()
        if self._note is not None:
            self._note.close()
        for log in self._logs.values():
            log.close()


def _answer(master: int, answers: TerminalAnswers, output: bytes) -> None:
    reply = answers.feed(output)
    if reply:
        with contextlib.suppress(OSError):
            os.write(master, reply)


def _unavailable(stream: str, hint: str) -> StreamUnavailable:
    return StreamUnavailable(f"{stream} is not connected to this program", hint=hint, stream=stream)
