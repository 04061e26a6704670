"""Asking and answering over a channel, matched by a number of the asking side's own. Not here: the channel itself."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

from procession.errors import Disconnected, RequestRefused, RequestTimedOut
from procession.wire.node_ipc import ANSWER, BODY, REFUSAL, REQUEST


class Request:
    """A question from the other side; ``body`` is what it asks. One answer is given, or one refusal."""

    def __init__(self, number: Any, body: Any, reply: Callable[[dict[str, Any]], None]) -> None:
        """Be ready to be answered by ``reply``."""
        self.body = body
        self._number = number
        self._reply = reply
        self._is_answered = False

    def answer(self, value: Any) -> None:
        """Answer. Raises: Disconnected, InvalidMessage, MessageTooLarge; RuntimeError: it was answered."""
        self._send({ANSWER: self._number, BODY: value})

    def refuse(self, why: str) -> None:
        """Say that there is no answer, and why; there it is raised as RequestRefused."""
        self._send({ANSWER: self._number, REFUSAL: why})

    def __repr__(self) -> str:
        return f"Request({self.body!r})"

    def _send(self, envelope: dict[str, Any]) -> None:
        if self._is_answered:
            raise RuntimeError("a request is answered once")
        self._reply(envelope)
        self._is_answered = True


class Requests:
    """Our own questions that are not answered yet."""

    def __init__(self, first_number: int = 1) -> None:
        self._numbers = itertools.count(first_number)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def ask(self, body: Any, timeout_s: float | None, send: Callable[[dict[str, Any]], None]) -> Any:
        """Ask by ``send``; give the answer. Raises: RequestTimedOut, RequestRefused, Disconnected."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            send({REQUEST: number, BODY: body})
            async with asyncio.timeout(timeout_s):
                envelope = await answer
        except TimeoutError:
            assert timeout_s is not None
            message = f"no answer within {timeout_s:g} s"
            raise RequestTimedOut(message, hint="it may be busy, or answer no requests", timeout_s=timeout_s) from None
        finally:
            self._waiting.pop(number, None)
        if REFUSAL in envelope:
            raise RequestRefused(str(envelope[REFUSAL]))
        return envelope.get(BODY)

    def take_answer(self, envelope: dict[str, Any]) -> None:
        """Give it to who waits; an answer that nobody waits for is dropped."""
        number = envelope[ANSWER]
        waiting = self._waiting.get(number) if isinstance(number, int) else None
        if waiting is not None and not waiting.done():
            waiting.set_result(envelope)

    def close(self) -> None:
        """Nobody will answer any more."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(Disconnected("the channel was closed before an answer came"))
        self._waiting.clear()
