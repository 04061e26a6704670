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
from procession.monitor.agents.compiled import SEARCHED_BYTES, Find, Usage
from procession.monitor.agents.lines import LineCutter
from procession.monitor.agents.lookup import Event
from procession.monitor.agents.resuming import is_session
from procession.monitor.agents.rules import Rules

_decode: Final = msgspec.json.Decoder().decode
_MESSAGE: Final = 2000
_WORD: Final = 200
_OPEN_TOOLS: Final = 64
"""More calls at once than that are not told apart: the oldest is forgotten."""


class AgentReading:
    """Takes the output of one run; `view` is what the client has said so far."""

    def __init__(self, profile: AgentProfile) -> None:
        self._profile = profile
        self._rules = Rules(profile)
        self._finds: dict[str, tuple[Find, ...]] = {}
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
            self._finds[stream] = self._rules.finds(stream)
        has_changed = False
        has_events, finds = stream != "stderr", self._finds[stream]
        for line in cutter.feed(data):
            if has_events and line[:1] == b"{":
                has_changed |= self._hear_event_line(line, at)
            elif line:
                for find in finds:
                    if find(line, 0, SEARCHED_BYTES):
                        has_changed |= self._hear_line(stream, line, at)
                        break
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
        rules = self._rules.of_event(event.get("type"))
        status = self._hear_work(rules, event)
        self._hear_usage(rules, event)
        for rule in rules.problem:
            for text in rule.take(event)[-1:]:
                self._note("problem", _shown(text, _MESSAGE))
        if any(rule.take(event) for rule in rules.retrying):
            status = "retrying"
        self._hear_end(rules, event)
        works = status in {"tool", "answering"} and self._facts.get("terminal") != "failure"
        self._hear_refusal(rules, event, at, works=works)
        self._note("status", self._status(status))
        return self._view is None and self.view != before

    def _hear_work(self, rules: Rules, event: Event) -> str | None:
        """Take session, turn, tools and message; say what it seems to be doing."""
        if "session" not in self._facts:
            self._note_session(text for rule in rules.session for text in rule.take(event))
        for mark in rules.turn:
            if mark.is_meant(event):
                self._begin_turn(mark.ids(event))
        answers = self._hear_message(rules, event)
        self._hear_tools(rules, event)
        return "tool" if self._open_tools else "answering" if answers else None

    def _hear_message(self, rules: Rules, event: Event) -> bool:
        is_answer = False
        for rule in rules.message:
            texts = rule.take(event)
            if texts:
                self._note_message(texts, pieces=rule.pieces)
                is_answer = True
        if not is_answer:
            self._pieces = ""
        return is_answer

    def _hear_tools(self, rules: Rules, event: Event) -> None:
        for rule in rules.tool:
            for key, name in rule.take_with_ids(event):
                self._open_tools[key] = _shown(name, _WORD)
        for mark in rules.tool_end:
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

    def _hear_usage(self, rules: Rules, event: Event) -> None:
        for rule in rules.usage:
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

    def _hear_refusal(self, rules: Rules, event: Event, at: float, *, works: bool) -> None:
        is_refused = False
        for rule in rules.refusals:
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

    def _hear_end(self, rules: Rules, event: Event) -> None:
        if any(mark.is_meant(event) for mark in rules.failure):
            self._note("terminal", "failure")
        elif any(mark.is_meant(event) for mark in rules.success):
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
        for name, rules in (
            ("session", self._rules.session),
            ("problem", self._rules.problem),
            ("message", self._rules.message),
        ):
            for rule in rules:
                text = rule.take_line(stream, line)
                if text and name == "session":
                    self._note_session([text] if "session" not in self._facts else [])
                elif text:
                    self._note(name, _shown(text, _MESSAGE))
        if any(rule.take_line(stream, line) for rule in self._rules.retrying):
            self._note("status", "retrying")
        for figures in (rule.take_line(stream, line) for rule in self._rules.usage):
            if figures is not None:
                self._note_usage(figures)
        for refusal in self._rules.refusals:
            refused, until = refusal.take_line(stream, line, at)
            if refused:
                self._note_refusal(until)
                self._note("status", self._status(None))
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
