"""All rules of a profile, made ready: those for the lines of a stream, and those that a kind of event can meet.

Most events are met by one rule or two; so which ones can meet an event of its ``type`` is found out once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from procession.model.agent import AgentProfile, Mark
from procession.monitor.agents.compiled import FigureRule, Find, MarkRule, Refusal, TextRule

_KNOWN_KINDS: Final = 64
_Of = TypeVar("_Of", TextRule, MarkRule, FigureRule, Refusal)


class Rules:
    """The rules of a profile, or of them those that can meet one kind of event."""

    __slots__ = (
        "_of_kind",
        "failure",
        "message",
        "problem",
        "refusals",
        "retrying",
        "session",
        "success",
        "tool",
        "tool_end",
        "turn",
        "usage",
    )

    def __init__(self, profile: AgentProfile) -> None:
        self.session = [TextRule(each) for each in profile.session.find]
        self.message = [TextRule(each) for each in profile.message]
        self.problem = [TextRule(each) for each in profile.problem]
        self.retrying = [TextRule(each) for each in profile.retrying]
        self.tool = [TextRule(each) for each in profile.tool]
        self.turn = [MarkRule(each) for each in profile.turn]
        self.tool_end = [MarkRule(each) for each in profile.tool_end]
        self.success = [MarkRule(Mark(when=each)) for each in profile.success]
        self.failure = [MarkRule(Mark(when=each)) for each in profile.failure]
        self.usage = [FigureRule(each) for each in profile.usage]
        self.refusals = [Refusal(each) for each in profile.limit]
        self._of_kind: dict[str | None, Rules] = {}

    def of_event(self, kind: object) -> Rules:
        """Give those that can meet an event of that ``type``."""
        known = kind if isinstance(kind, str) else None
        rules = self._of_kind.get(known)
        if rules is None:
            if len(self._of_kind) >= _KNOWN_KINDS:  # whoever makes up types must not fill the memory with them
                self._of_kind.clear()
            rules = self._of_kind[known] = self._narrowed(known)
        return rules

    def finds(self, stream: str) -> tuple[Find, ...]:
        """Give what is looked for in the lines of a stream."""
        texts = (each.line for each in (*self.session, *self.message, *self.problem, *self.retrying))
        lines = (*texts, *(each.line for each in self.usage), *(each.line for each in self.refusals))
        return tuple(each.find for each in lines if each is not None and each.is_of(stream))

    def _narrowed(self, kind: str | None) -> Rules:
        narrowed = Rules.__new__(Rules)
        narrowed._of_kind = {}
        narrowed.session = _meeting(kind, self.session)
        narrowed.message = _meeting(kind, self.message)
        narrowed.problem = _meeting(kind, self.problem)
        narrowed.retrying = _meeting(kind, self.retrying)
        narrowed.tool = _meeting(kind, self.tool)
        narrowed.turn = _meeting(kind, self.turn)
        narrowed.tool_end = _meeting(kind, self.tool_end)
        narrowed.success = _meeting(kind, self.success)
        narrowed.failure = _meeting(kind, self.failure)
        narrowed.usage = _meeting(kind, self.usage)
        narrowed.refusals = _meeting(kind, self.refusals)
        return narrowed


def _meeting(kind: str | None, rules: Sequence[_Of]) -> list[_Of]:
    return [each for each in rules if each.kinds is None or kind in each.kinds]
