"""What the supervisor may ask, one function per op.

Each is done at once and answered, or refused and answered; nothing here waits. Not here: signals, freezing, killing.
The supervisor does these itself, with the descriptors it was given, so that they work while we do not.
"""

from __future__ import annotations

import errno

from procession.keeper import telling
from procession.keeper.children import Refused
from procession.wire import frames
from procession.wire.notice_socket import NOTIFY
from procession.wire.spawn import decode_spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from procession.keeper.controller import Controller
    from procession.keeper.telling import Truth

_STDIO_COUNT = 3


class Requests:
    """Carries out requests. ``end`` is called with a grace when all shall end."""

    def __init__(self, truth: Truth, end: Callable[[float], None]) -> None:
        """Know what they act on."""
        self._truth = truth
        self._end = end
        self.is_ending = False

    def carry_out(self, frame: frames.Frame, controller: Controller) -> None:
        """Do what a frame asks for; its descriptors are closed or held afterwards."""
        try:
            answer = self._do(frame)
        except Refused as refusal:
            answer = telling.refused(frame.id, refusal)
        except (ValueError, IndexError, OverflowError):
            answer = telling.refused(frame.id, Refused(errno.EINVAL, b"wire"))
        finally:
            frame.close()
        if answer is not None:
            controller.answer(answer)

    def _do(self, frame: frames.Frame) -> telling.Message | None:
        if frame.version != frames.VERSION:
            raise Refused(errno.EPROTONOSUPPORT, b"wire")
        if frame.fds is None:
            raise Refused(errno.EMFILE, b"fds")
        does = _DOES.get(frame.op)
        if does is None:
            raise Refused(errno.ENOSYS, b"wire")
        return does(self, frame, frame.fds)

    def _spawn(self, frame: frames.Frame, fds: tuple[int, ...]) -> telling.Message:
        """Start it, or tell again what became of it."""
        truth = self._truth
        known = truth.children.by_key.get(frame.id)
        if known is not None:
            return telling.started(known)
        ended = truth.journal.find(frame.id)
        if ended is not None:
            return telling.exited(ended)
        if self.is_ending:
            raise Refused(errno.ESHUTDOWN, b"wire")
        if len(fds) < _STDIO_COUNT:
            raise Refused(errno.EINVAL, b"fds")
        return telling.started(truth.children.start(frame.id, decode_spawn(frame.fields), fds))

    def _hold(self, frame: frames.Frame, fds: tuple[int, ...]) -> None:
        if len(fds) != 1 or not frame.fields[0]:
            raise Refused(errno.EINVAL, b"fds")
        self._truth.held.hold(frame.id, frame.fields[0], fds[0])
        frame.fds = ()

    def _drop(self, frame: frames.Frame, _fds: tuple[int, ...]) -> None:
        self._truth.held.drop(frame.id, frame.fields[0])
        if frame.fields[0] in (b"", NOTIFY.encode()):
            self._truth.notices.drop(frame.id)

    def _listen(self, frame: frames.Frame, fds: tuple[int, ...]) -> None:
        if len(fds) != 1:
            raise Refused(errno.EINVAL, b"fds")
        self._truth.notices.listen(frame.id, fds[0])
        frame.fds = ()

    def _heard(self, frame: frames.Frame, _fds: tuple[int, ...]) -> None:
        self._truth.notices.acknowledge(frame.id)

    def _ack(self, frame: frames.Frame, _fds: tuple[int, ...]) -> None:
        self._truth.journal.ack(frame.id)

    def _shut_down(self, frame: frames.Frame, _fds: tuple[int, ...]) -> None:
        self._end(float(frame.fields[0]))


_DOES: dict[int, Callable[[Requests, frames.Frame, tuple[int, ...]], telling.Message | None]] = {
    frames.SPAWN: Requests._spawn,
    frames.HOLD: Requests._hold,
    frames.DROP: Requests._drop,
    frames.ACK: Requests._ack,
    frames.LISTEN: Requests._listen,
    frames.HEARD: Requests._heard,
    frames.SHUTDOWN: Requests._shut_down,
}
