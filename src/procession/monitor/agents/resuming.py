"""How a session goes on: the command line that resumes it, made of the one that began it.

Everything is put in argument by argument; no shell ever takes part. What is no session's id by its form is not used.
Not here: whether it should go on, and when (``procession.policy``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from procession.model.agent import SESSION, AgentProfile, ResumeRules
from procession.monitor.agents.arguments import Arguments, Part, take_apart
from procession.monitor.agents.lookup import compile_first

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")


def is_session(profile: AgentProfile, session: Any) -> bool:
    """Whether that can be the id of a session: it is to become an argument, and must not be anything else there."""
    if not isinstance(session, str) or not SESSION.fullmatch(session):
        return False
    shape = profile.session.shape
    return shape is None or re.fullmatch(shape, session) is not None


def can_resume(profile: AgentProfile, session: str | None) -> bool:
    """Whether the client can go on with that session; None: with what it did last in its directory."""
    return profile.resume is not None and (not profile.resume.needs_session or is_session(profile, session))


def resumed_argv(
    profile: AgentProfile, argv: Sequence[str], session: str | None, prompt: str | None = None
) -> tuple[str, ...]:
    """Give the command line that goes on with a session; where none can (`can_resume`), the one that begins anew."""
    resume = profile.resume
    if resume is None or not can_resume(profile, session):
        return tuple(argv)
    arguments = take_apart(profile, argv)
    said = resume.prompt if prompt is None else prompt
    values = {"session": session or "", "prompt": f" {said}" if said.startswith("-") else said}
    resumed: list[str] = []
    for argument in resume.argv:
        if argument == "{program}":
            resumed += (*arguments.program, *_again(resume, arguments.before))
        elif argument == "{flags}":
            resumed += _again(resume, arguments.rest)
        else:
            resumed.append(_filled(argument, values))
    return tuple(resumed)


def chosen_argv(profile: AgentProfile, argv: Sequence[str], session: str) -> tuple[str, ...] | None:
    """Give the command line with an id chosen beforehand; None where that cannot be, or the user has chosen."""
    rules = profile.session
    if not rules.choose or not is_session(profile, session):
        return None
    arguments = take_apart(profile, argv)
    if _names(arguments) & {*rules.given, *rules.unless, *rules.forks}:
        return None
    added = [_filled(each, {"session": session}) for each in rules.choose]
    return (*argv[: arguments.verbs_end], *added, *argv[arguments.verbs_end :])


def session_in(profile: AgentProfile, argv: Sequence[str]) -> str | None:
    """Give the id that the user has given already; None if there is none."""
    rules, arguments = profile.session, take_apart(profile, argv)
    if _names(arguments) & set(rules.forks):
        return None
    given = [part.values[0] for part in arguments.parts if part.name in rules.given and part.values]
    if set(arguments.verbs) & set(rules.given):
        given += [part.raw[0] for part in arguments.rest if part.is_word][:1]
    return next((each for each in given if is_session(profile, each)), None)


def session_in_file(profile: AgentProfile, content: bytes) -> str | None:
    """Give the id that a file of the profile's ``session.file`` holds; None if there is none."""
    rules = profile.session.file
    if rules is None:
        return None
    if rules.pattern is not None:
        match = re.search(rules.pattern.encode(), content)
        found: list[Any] = (
            [((match[1] if match.re.groups else None) or match[0]).decode("utf-8", "replace")] if match else []
        )
    else:
        try:
            event = msgspec.json.decode(content.partition(b"\n")[0])
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        found = compile_first(rules.take)(event) if isinstance(event, dict) else []
    return next((each for each in found if is_session(profile, each)), None)


def _names(arguments: Arguments) -> set[str]:
    return {part.name for part in arguments.parts if part.name}


def _again(resume: ResumeRules, parts: Iterable[Part]) -> list[str]:
    """Give the options that are given again, as they then have to be."""
    again: list[str] = []
    for part in parts:
        if part.is_word:
            again += part.raw if resume.keep_words else ()
        elif part.name in resume.instead:
            value = part.values[0] if part.values else ""
            again += [_filled(each, {"value": value}) for each in resume.instead[part.name]]
        elif part.name not in resume.drop:
            again += part.raw
    return again


def _filled(argument: str, values: Mapping[str, str]) -> str:
    """Put the values into one argument; what stands in a value itself is left as it is."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), argument)
