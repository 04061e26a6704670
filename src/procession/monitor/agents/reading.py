"""Reads the output of one run of a client, as it comes, for what it says of itself. The time comes in as an argument.

Events are JSON objects, one on each line, on any stream but stderr; whatever else is printed in between means nothing,
unless the profile looks for it. Nothing that was printed can make this fail, or keep more than one bounded line.
Not here: whether it has succeeded (``verdict.py``), how it goes on (``resuming.py``).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from procession.model.agent import AgentProfile, AgentView
from procession.model.text import printable
from procession.monitor.agents.compiled import FigureRule, MarkRule, Refusal, TextRule, Usage
from procession.monitor.agents.lines import LineCutter
from procession.monitor.agents.lookup import Event, compile_when
from procession.monitor.agents.resuming import is_session

_decode: Final = msgspec.json.Decoder().decode
_MESSAGE: Final = 2000
_WORD: Final = 200
_OPEN_TOOLS: Final = 64
"""More calls at once than that are not told apart: the oldest is forgotten."""


class AgentReading:
    """Takes the output of one run; `view` is what the client has said so far."""

    def __init__(self, profile: AgentProfile) -> None:
        self._profile = profile
        self._session = [TextRule(each) for each in profile.session.find]
        self._turn = [MarkRule(each) for each in profile.turn]
        self._tool = [TextRule(each) for each in profile.tool]
        self._tool_end = [MarkRule(each) for each in profile.tool_end]
        self._message = [TextRule(each) for each in profile.message]
        self._problem = [TextRule(each) for each in profile.problem]
        self._retrying = [TextRule(each) for each in profile.retrying]
        self._usage = [FigureRule(each) for each in profile.usage]
        self._refusals = [Refusal(each) for each in profile.limit]
        self._success = [compile_when(each) for each in profile.success]
        self._failure = [compile_when(each) for each in profile.failure]
        self._reads_lines = (
            any(each.reads_lines for each in (*self._session, *self._problem, *self._retrying, *self._message))
            or any(each.reads_lines for each in self._usage)
            or any(each.reads_lines for each in self._refusals)
        )
        self._cutters: dict[str, LineCutter] = {}
        self._facts: dict[str, Any] = {}
        self._view: AgentView | None = AgentView()
        self._open_tools: dict[str, str] = {}
        self._turn_ids: list[str] | None = None
        self._pieces = ""
        self._at = 0.0

    @property
    def view(self) -> AgentView:
        """What the client has said so far."""
        if self._view is None:
            self._view = AgentView(**self._facts)
        return self._view

    def hear_output(self, stream: str, data: bytes, at: float) -> bool:
        """Take a piece of output, cut wherever it is; say whether the view has changed by it."""
        self._at = at
        cutter = self._cutters.get(stream)
        if cutter is None:
            cutter = self._cutters[stream] = LineCutter()
        has_changed = False
        has_events, reads_lines = stream != "stderr", self._reads_lines
        for line in cutter.feed(data):
            if has_events and line[:1] == b"{":
                has_changed |= self._hear_event_line(line, at)
            elif reads_lines and line:
                has_changed |= self._hear_line(stream, line, at)
        return has_changed

    def finish(self) -> bool:
        """Take the last lines, which were never ended; say whether the view has changed by them."""
        rest = [(stream, cutter.finish()) for stream, cutter in self._cutters.items()]
        changes = [self.hear_output(stream, line + b"\n", self._at) for stream, line in rest if line]
        return any(changes)

    def _hear_event_line(self, line: bytes, at: float) -> bool:
        try:
            event = _decode(line)
        except (msgspec.MsgspecError, ValueError, RecursionError):  # torn, or no JSON after all
            return False
        return isinstance(event, dict) and self._hear_event(event, at)

    def _hear_event(self, event: Event, at: float) -> bool:
        before = self._view = self.view
        status = self._hear_work(event)
        self._hear_usage(event)
        for rule in self._problem:
            for text in rule.take(event)[-1:]:
                self._note("problem", _shown(text, _MESSAGE))
        if any(rule.take(event) for rule in self._retrying):
            status = "retrying"
        self._hear_refusal(event, at, works=status in {"tool", "answering"})
        self._hear_end(event)
        self._note("status", self._status(status))
        return self._view is None and self.view != before

    def _hear_work(self, event: Event) -> str | None:
        """Take session, turn, tools and message; say what it seems to be doing."""
        if "session" not in self._facts:
            self._note_session(text for rule in self._session for text in rule.take(event))
        for mark in self._turn:
            if mark.is_meant(event):
                self._begin_turn(mark.ids(event))
        answers = self._hear_message(event)
        self._hear_tools(event)
        return "tool" if self._open_tools else "answering" if answers else None

    def _hear_message(self, event: Event) -> bool:
        is_answer = False
        for rule in self._message:
            texts = rule.take(event)
            if texts:
                self._note_message(texts, pieces=rule.pieces)
                is_answer = True
        if not is_answer:
            self._pieces = ""
        return is_answer

    def _hear_tools(self, event: Event) -> None:
        for rule in self._tool:
            for key, name in rule.take_with_ids(event):
                self._open_tools[key] = _shown(name, _WORD)
        for mark in self._tool_end:
            if self._open_tools and mark.is_meant(event):
                self._end_tools(mark.ids(event))
        while len(self._open_tools) > _OPEN_TOOLS:
            del self._open_tools[next(iter(self._open_tools))]
        self._note("tool", next(reversed(self._open_tools.values()), None))

    def _note_session(self, texts: Any) -> None:
        for text in texts:
            if is_session(self._profile, text):  # anything else would be an option, or worse, on a command line
                self._note("session", text)
                return

    def _begin_turn(self, ids: list[str] | None) -> None:
        if ids is not None and ids == self._turn_ids:
            return
        self._turn_ids = ids
        self._note("turns", self._facts.get("turns", 0) + 1)
        self._note("terminal", None)  # whoever begins another turn has not ended

    def _note_message(self, texts: list[str], *, pieces: bool) -> None:
        text = "".join(texts) if pieces else texts[-1]
        if pieces:
            text = self._pieces = (self._pieces + text)[:_MESSAGE]
        self._note("message", _shown(text, _MESSAGE))

    def _end_tools(self, ids: list[str] | None) -> None:
        if ids is None:
            self._open_tools.clear()
        for key in ids or ():
            self._open_tools.pop(key, None)

    def _hear_usage(self, event: Event) -> None:
        for rule in self._usage:
            figures = rule.take(event)
            if figures is not None:
                self._note_usage(figures)

    def _note_usage(self, figures: Usage) -> None:
        *amounts, turns = figures
        adds = self._profile.usage_is == "per_step"
        for name, amount in zip(("input_tokens", "output_tokens", "cost_usd"), amounts, strict=True):
            if amount is not None:
                whole = amount + (self._facts.get(name, 0) if adds else 0)
                self._note(name, float(whole) if name == "cost_usd" else int(whole))
        if turns is not None:
            self._note("turns", int(turns))

    def _hear_refusal(self, event: Event, at: float, *, works: bool) -> None:
        is_refused = False
        for rule in self._refusals:
            refused, until = rule.take(event, at)
            if refused:
                is_refused = True
                self._note_refusal(until)
        if works and not is_refused:  # it tried again by itself, and was served
            self._note("limited", False)
            self._note("limited_until", None)

    def _note_refusal(self, until: float | None) -> None:
        self._note("limited", True)
        if until is not None and self._facts.get("limited_until") is None:  # what was told first was told as a number
            self._note("limited_until", until)

    def _hear_end(self, event: Event) -> None:
        if any(is_meant(event) for is_meant in self._failure):
            self._note("terminal", "failure")
        elif any(is_meant(event) for is_meant in self._success):
            self._note("terminal", "success")
            for name in ("problem", "limited_until"):
                self._note(name, None)
            self._note("limited", False)
        if self._facts.get("terminal"):
            self._open_tools.clear()
            self._note("tool", None)

    def _status(self, status: str | None) -> str:
        terminal = self._facts.get("terminal")
        if terminal:
            return "succeeded" if terminal == "success" else "failed"
        if self._facts.get("limited"):
            return "limited"
        return status or ("thinking" if self._facts.get("turns") else "starting")

    def _hear_line(self, stream: str, line: bytes, at: float) -> bool:
        """Take a line that is no event."""
        before = self._view = self.view
        for name, rules in (("session", self._session), ("problem", self._problem), ("message", self._message)):
            for rule in rules:
                text = rule.take_line(stream, line) if rule.reads_lines else None
                if text and name == "session":
                    self._note_session([text] if "session" not in self._facts else [])
                elif text:
                    self._note(name, _shown(text, _MESSAGE))
        if any(rule.take_line(stream, line) for rule in self._retrying if rule.reads_lines):
            self._note("status", "retrying")
        for figures in (rule.take_line(stream, line) for rule in self._usage if rule.reads_lines):
            if figures is not None:
                self._note_usage(figures)
        for refusal in self._refusals:
            refused, until = refusal.take_line(stream, line, at) if refusal.reads_lines else (False, None)
            if refused:
                self._note_refusal(until)
        return self._view is None and self.view != before

    def _note(self, name: str, value: Any) -> None:
        if self._facts.get(name, _NOTHING[name]) != value:
            self._facts[name] = value
            self._view = None


_NOTHING: Final = {name: getattr(AgentView(), name) for name in AgentView.__struct_fields__}


def _shown(text: str, most: int) -> str:
    """Make a text one that can be shown, and not too long."""
    cut = text[:most]
    return printable(cut).removeprefix("\ufeff") if "\n" not in cut else printable(cut.replace("\n", " ").strip())
