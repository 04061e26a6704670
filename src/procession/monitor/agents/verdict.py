"""Whether a client has succeeded. It is not enough that it exits well: some do, with half the work done.

Not here: how its process ended (``policy/verdict.py``).
"""

from __future__ import annotations

from collections.abc import Sequence

from procession.model.agent import AgentProfile, AgentView
from procession.monitor.agents.arguments import take_apart


def agent_success(
    profile: AgentProfile, view: AgentView, exit_code: int | None, argv: Sequence[str] | None = None
) -> tuple[bool, str]:
    """Say whether it has succeeded, and why. exit_code: negative, or None, if a signal ended it.

    argv: its command line. Where that asks for no events, there is none that could say how it ended, and the exit code
    alone decides. Without it events are expected wherever the profile has one for the end.
    """
    told = f": {view.problem}" if view.problem else ""
    if view.terminal == "failure":
        return False, f"{profile.name} says that it failed{told}"
    if exit_code is None or exit_code < 0:
        return False, f"{profile.name} was ended by a signal{told}"
    if exit_code:
        return False, f"{profile.name} exited with code {exit_code}{told}"
    if not profile.success or (argv is not None and not prints_events(profile, argv)):
        return True, f"{profile.name} exited with code 0"
    if view.terminal == "success":
        return True, f"{profile.name} exited with code 0 and says that it succeeded"
    return False, f"{profile.name} exited with code 0 without saying that it succeeded{told}"


def prints_events(profile: AgentProfile, argv: Sequence[str]) -> bool:
    """Whether a command line asks the client for the events that its profile knows."""
    if not profile.stream:
        return True
    given = {" ".join((part.name, *part.values)) for part in take_apart(profile, argv).parts if part.name}
    return any(each in given for each in profile.stream)
