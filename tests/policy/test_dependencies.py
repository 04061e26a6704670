"""Conditions between tasks, as pure decisions."""

import pytest

from procession.model.outcome import Outcome, OutcomeKind
from procession.model.task import Dependency
from procession.policy.dependencies import Impossible, Met, Pending, Upstream, judge_dependencies

WAITING = Upstream()
RUNNING = Upstream(has_started=True)
SUCCEEDED = Upstream(has_started=True, outcome=Outcome(kind=OutcomeKind.SUCCEEDED, code=0))
FAILED = Upstream(has_started=True, outcome=Outcome(kind=OutcomeKind.FAILED, code=1, message="exited with code 1"))
NEVER = Upstream(outcome=Outcome(kind=OutcomeKind.CANCELLED))


@pytest.mark.parametrize(
    ("condition", "upstream", "verdict"),
    [
        ("started", WAITING, Pending),
        ("started", RUNNING, Met),
        ("started", SUCCEEDED, Met),
        ("started", FAILED, Met),
        ("started", NEVER, Impossible),
        ("succeeded", WAITING, Pending),
        ("succeeded", RUNNING, Pending),
        ("succeeded", SUCCEEDED, Met),
        ("succeeded", FAILED, Impossible),
        ("succeeded", NEVER, Impossible),
        ("ended", WAITING, Pending),
        ("ended", RUNNING, Pending),
        ("ended", SUCCEEDED, Met),
        ("ended", FAILED, Met),
        ("ended", NEVER, Met),
    ],
)
def test_every_condition(condition, upstream, verdict):
    """Each condition against everything that can be known of a task."""
    assert isinstance(judge_dependencies([Dependency("up", condition)], {"up": upstream}), verdict)


def test_reasons_name_the_dependency():
    """A wait and an impossibility both name the task, and how it ended."""
    assert judge_dependencies([Dependency("up")], {"up": WAITING}) == Pending("waiting for up to succeed")
    impossible = judge_dependencies([Dependency("up")], {"up": FAILED})
    assert impossible == Impossible("up", "needs up to succeed, but that failed (exited with code 1)")


def test_one_that_is_impossible_decides():
    """A task whose condition can no longer be met does not wait for the others."""
    after = [Dependency("a"), Dependency("b")]

    assert isinstance(judge_dependencies(after, {"a": RUNNING, "b": FAILED}), Impossible)
    assert judge_dependencies(after, {"a": SUCCEEDED, "b": RUNNING}) == Pending("waiting for b to succeed")
    assert judge_dependencies(after, {"a": SUCCEEDED, "b": SUCCEEDED}) == Met()
    assert judge_dependencies([], {}) == Met()


@pytest.mark.parametrize("kind", [kind for kind in OutcomeKind if kind is not OutcomeKind.SUCCEEDED])
def test_nothing_but_success_is_success(kind):
    """No other end passes for success: not unknown, not stopped (C035)."""
    ended = Upstream(has_started=True, outcome=Outcome(kind=kind, code=0))

    verdict = judge_dependencies([Dependency("up")], {"up": ended})
    assert isinstance(verdict, Impossible)
    assert kind.value.split("_")[0] in verdict.message
