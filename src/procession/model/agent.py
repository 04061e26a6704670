"""How a client of a coding agent talks, as data (`AgentProfile`), and what one says now (`AgentView`).

Every event of a client is a JSON object on a line of its own; a profile says which event means what. What is written
here as ``when`` is a table of paths (``agent_path.py``) and what must stand there: a value, a list of which one fits,
or a text with ``!`` before it, which must not stand there. Whatever is wrong raises ValueError while it is converted.
Not here: reading a profile from TOML and a stream by a profile (``monitor/agents``).
"""

from __future__ import annotations

import re
from typing import Final, Literal

from msgspec import Struct

from procession.model.agent_checks import (
    Match,
    Paths,
    check_paths,
    check_pattern,
    check_placeholders,
    check_when,
)
from procession.model.agent_path import parse_path

UsageIs = Literal["cumulative", "per_run", "per_step"]
Terminal = Literal["success", "failure"]

SESSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")
"""What may be a session's id, whoever says so: it becomes an argument, so it must not look like an option."""


_SUMMARY: Final = 200


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a text is had from: at ``take`` of an event, else from a line that is no JSON.

    when: which events. take: the paths. pattern: must be found in the text; its first group, if it has one, is what is
    taken. unless: must not be found in it. stream: of which stream's lines; None: any. id: where the id of the tool's
    call stands. pieces: the text comes in pieces, which are put together.
    """

    when: Match = {}
    take: Paths = ()
    pattern: str | None = None
    unless: str | None = None
    stream: Literal["stdout", "stderr"] | None = None
    id: str | None = None
    pieces: bool = False

    def __post_init__(self) -> None:
        check_when(self.when)
        check_paths(self.take)
        check_pattern(self.pattern)
        check_pattern(self.unless)
        if self.id is not None:
            parse_path(self.id)
        if not self.take and self.pattern is None:
            raise ValueError("expected take (a path in an event) or pattern (for lines that are no JSON)")


class Mark(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event that means something by itself. ``id``: where that stands by which two of them are told apart."""

    when: Match
    id: str | None = None

    def __post_init__(self) -> None:
        check_when(self.when)
        if self.id is not None:
            parse_path(self.id)


class UsageRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where tokens, cost in dollars and turns stand; several paths are added up.

    pattern: for lines that are no JSON; its groups ``input``, ``output``, ``cost`` are the figures.
    """

    when: Match = {}
    input: Paths = ()
    output: Paths = ()
    cost: Paths = ()
    turns: Paths = ()
    pattern: str | None = None

    def __post_init__(self) -> None:
        check_when(self.when)
        check_pattern(self.pattern)
        for paths in (self.input, self.output, self.cost, self.turns):
            check_paths(paths)


class LimitRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What says that the client has met the limit of its service.

    when, take, pattern, stream: as in `Rule`; here an event alone is enough. until: where the time stands from which on
    it may go on: seconds from now, since the epoch, or a text. Without it, or where nothing stands there, the time is
    looked for in the text: in the group ``until`` of the pattern, else anywhere.
    """

    when: Match = {}
    take: Paths = ()
    pattern: str | None = None
    stream: Literal["stdout", "stderr"] | None = None
    until: Paths = ()

    def __post_init__(self) -> None:
        check_when(self.when)
        check_paths(self.take)
        check_paths(self.until)
        check_pattern(self.pattern)
        if not self.when and self.pattern is None:
            raise ValueError("expected when (an event) or pattern (a text)")
        if self.take and self.pattern is None:
            raise ValueError("expected a pattern for what is taken")


class SessionFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file which holds the session's id: at ``take`` of its first JSON line, else where ``pattern`` is found."""

    glob: str
    take: Paths = ()
    pattern: str | None = None

    def __post_init__(self) -> None:
        check_paths(self.take)
        check_pattern(self.pattern)
        if bool(self.take) == (self.pattern is not None):
            raise ValueError("expected either take or pattern")


class SessionRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the id of a session is had.

    find: where it is said. file: where it is kept. choose: the arguments by which it is chosen beforehand. given: the
    options (or the word before it) by which the user has given it. unless: with these nothing is chosen. forks: with
    these what is given is another session than the one that will run. shape: what an id looks like here.
    """

    find: tuple[Rule, ...] = ()
    file: SessionFile | None = None
    choose: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    forks: tuple[str, ...] = ()
    shape: str | None = None

    def __post_init__(self) -> None:
        check_pattern(self.shape)
        check_placeholders(self.choose, {"session"})
        if self.choose and not any("{session}" in each for each in self.choose):
            raise ValueError("expected {session} in one of the arguments of choose")


class CommandLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How its arguments are to be understood.

    words: its verbs, like ``exec``. values, pairs, optional, many: options that take one value, two, perhaps one, or
    all words that follow. flags: options without one. What is left are the prompt's words, or files.
    """

    words: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    many: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


class ResumeRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a session goes on.

    argv: the command, with ``{program}`` (with what stood before its verb), ``{flags}`` (the options that are given
    again), ``{session}`` and ``{prompt}``. prompt: what is said where nothing else is. drop: options that are not given
    again. instead: what is given for an option, with ``{value}`` for its value. keep_words: what is no option is given
    again, too.
    """

    argv: tuple[str, ...]
    prompt: str = "continue"
    drop: tuple[str, ...] = ()
    instead: dict[str, tuple[str, ...]] = {}
    keep_words: bool = False

    def __post_init__(self) -> None:
        check_placeholders(self.argv, {"program", "flags", "session", "prompt"})
        for replacement in self.instead.values():
            check_placeholders(replacement, {"value"})
        if not self.argv or self.argv[0] != "{program}":
            raise ValueError("expected {program} as the first argument")

    @property
    def needs_session(self) -> bool:
        """Whether it goes on by an id; without, it finds by itself what it did last."""
        return any("{session}" in each for each in self.argv)


class AgentProfile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one client talks, ends and goes on.

    programs, packages: the names that it is started by, and those that ``npx`` knows it by. stream: the options with
    which it prints events; without any it always does, or never. success, failure: the events that say how it ended;
    where there is no ``success``, the exit code alone decides. turn, tool, tool_end, message, problem, retrying: what
    it does. usage_is: what its figures count: all runs of the session, this run, or one step. same_directory: a session
    is found only where it was begun.
    """

    name: str = ""
    programs: tuple[str, ...]
    packages: tuple[str, ...] = ()
    stream: tuple[str, ...] = ()
    session: SessionRules = SessionRules()
    success: tuple[Match, ...] = ()
    failure: tuple[Match, ...] = ()
    turn: tuple[Mark, ...] = ()
    tool: tuple[Rule, ...] = ()
    tool_end: tuple[Mark, ...] = ()
    message: tuple[Rule, ...] = ()
    problem: tuple[Rule, ...] = ()
    retrying: tuple[Rule, ...] = ()
    usage_is: UsageIs = "per_run"
    usage: tuple[UsageRule, ...] = ()
    limit: tuple[LimitRule, ...] = ()
    command_line: CommandLine = CommandLine()
    resume: ResumeRules | None = None
    same_directory: bool = False

    def __post_init__(self) -> None:
        for name, events in (("success", self.success), ("failure", self.failure)):
            for index, when in enumerate(events):
                check_when(when, f"{name}[{index}]: ")


class AgentView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a client said so far, in this run.

    status: starting, thinking, tool, answering, retrying, limited, succeeded or failed; None: no event yet. tool: what
    it runs now. message: what it said last. turns, tokens, cost: as its profile counts. terminal: how it says that it
    ended. problem: what it says went wrong. limited: its service has refused it for now, until ``limited_until``
    (seconds since the epoch), where that is known.
    """

    session: str | None = None
    status: str | None = None
    tool: str | None = None
    message: str | None = None
    turns: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    terminal: Terminal | None = None
    problem: str | None = None
    limited: bool = False
    limited_until: float | None = None


def summary(view: AgentView) -> str | None:
    """Say in a line what it does and what it has used; None: nothing is known."""
    doing = f"runs {view.tool}" if view.tool else view.message or view.status
    counted = (
        f"{view.turns} turn{'s' * (view.turns != 1)}" if view.turns else "",
        f"{view.input_tokens + view.output_tokens} tokens" if view.input_tokens or view.output_tokens else "",
        f"${view.cost_usd:.2f}" if view.cost_usd else "",
    )
    figures = ", ".join(each for each in counted if each)
    words = [each for each in (figures, " ".join((doing or "").split())[:_SUMMARY]) if each]
    return ": ".join(words) or None
