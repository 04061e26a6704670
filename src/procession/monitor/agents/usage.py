"""What all runs of one session used together. Not here: what one run used (``reading.py``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from procession.model.agent import AgentProfile, AgentView


class AgentUsage(NamedTuple):
    """Tokens, and what they cost in dollars."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


def usage_of(profile: AgentProfile, views: Sequence[AgentView]) -> AgentUsage:
    """Give what the runs used, oldest first. Some clients count over the whole session: theirs are not added up."""
    each = [AgentUsage(view.input_tokens, view.output_tokens, view.cost_usd) for view in views]
    if profile.usage_is == "cumulative":
        told = [usage for usage in each if usage != AgentUsage()]  # a run that was killed has told nothing
        return told[-1] if told else AgentUsage()
    return AgentUsage(
        sum(usage.input_tokens for usage in each),
        sum(usage.output_tokens for usage in each),
        sum(usage.cost_usd for usage in each),
    )
