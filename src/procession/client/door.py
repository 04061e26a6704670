"""The blocking door: one kept connection for exchanges, one of its own for each stream."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from procession.client.http import BrokenTalk, Conversation, Gathering, Reply, Request
from procession.client.patience import Patience
from procession.client.peer import connect_to_ours
from procession.client.problems import check
from procession.client.resuming import Resuming
from procession.client.sse import ServerEvent
from procession.errors import ConnectionLost, DaemonUnavailable

READ_BYTES = 1 << 18


class Door:
    """Talks with the daemon that listens at ``path``. Not for several threads at once."""

    def __init__(self, path: str, patience_s: float, on_break: Callable[[], object] | None = None) -> None:
        self.path = path
        self._on_break = on_break
        self._patience_s = patience_s
        self._line: _Line | None = None

    def connect(self) -> None:
        """Connect, if there is no connection yet. Raises: DaemonUnavailable, ForeignPeer."""
        self._line = self._line or _Line(self.path)

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def exchange(self, request: Request) -> Reply:
        """Send a request and give the whole reply; after a break again, once it answers. Raises: what it refuses."""
        patience = Patience(self._patience_s, self._on_break)
        while True:
            try:
                return check(self._exchange(request))
            except DaemonUnavailable as error:
                time.sleep(patience.next_delay_s(error))

    def stream(self, resuming: Resuming) -> Iterator[ServerEvent]:
        """Give the events of a stream, through breaks."""
        patience = Patience(self._patience_s, self._on_break)
        while not resuming.is_over:
            try:
                for events in self._pour(resuming):
                    patience.renew()
                    yield from events
            except DaemonUnavailable as error:
                time.sleep(patience.next_delay_s(error))

    def _exchange(self, request: Request) -> Reply:
        line = self._line or _Line(self.path)
        self._line = None  # whoever is interrupted in the middle leaves no half-read reply to the next
        try:
            line.say(request)
            gathering = Gathering()
            while not gathering.is_complete:
                line.listen(gathering)
        except BaseException:
            line.close()
            raise
        if line.can_go_on:
            self._line = line
        else:
            line.close()
        return gathering.reply()

    def _pour(self, resuming: Resuming) -> Iterator[list[ServerEvent]]:
        with contextlib.closing(_Line(self.path)) as line:
            line.say(resuming.next_request())
            gathering = Gathering()
            while not gathering.is_complete and not resuming.is_over:
                line.listen(gathering)
                if gathering.status == 200:
                    yield resuming.feed(gathering.pieces())
            if gathering.status != 200:
                check(gathering.reply())
            line.finish(resuming)


class _Line:
    """One connection and the talk on it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._socket = connect_to_ours(path)
        self._talk = Conversation()

    @property
    def can_go_on(self) -> bool:
        return self._talk.can_go_on

    def close(self) -> None:
        self._socket.close()

    def say(self, request: Request) -> None:
        with self._named_breaks(), contextlib.suppress(BrokenPipeError):  # a reply may lie there all the same
            self._socket.sendall(self._talk.ask(request))

    def listen(self, gathering: Gathering) -> None:
        with self._named_breaks():
            gathering.take(self._talk.hear(self._socket.recv(READ_BYTES)))

    def finish(self, resuming: Resuming) -> None:
        with self._named_breaks():
            if not resuming.is_over:
                resuming.finish()

    @contextlib.contextmanager
    def _named_breaks(self) -> Iterator[None]:
        try:
            yield
        except BrokenTalk as error:
            raise ConnectionLost(self._path, str(error)) from None
        except (TimeoutError, ConnectionError) as error:
            raise ConnectionLost(self._path, error.strerror or str(error)) from None
