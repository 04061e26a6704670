"""What an ended job has used, and of whom that is the sum."""

import pytest

from procession import run


async def test_usage_is_of_the_leader_and_those_it_waited_for(python, children):
    """C040: leader and waited-for child are in it, a daemon is not, and `covers` says so."""
    result = await run([python, "-I", "-S", children / "burns_in_three_places.py", "0.3"], check=True)
    usage = result.outcome.usage

    assert usage.user_s + usage.system_s == pytest.approx(0.6, rel=0.25)
    assert usage.covers == "leader and waited-for descendants"


async def test_peak_memory_is_the_childs_own(python):
    """C040: the peak of a child that is larger than we are is told; that of a smaller one is not mistaken for ours."""
    large = await run([python, "-I", "-S", "-c", "x = b'x' * (400 << 20)"])
    small = await run(["true"])

    assert large.outcome.usage.max_rss_bytes == pytest.approx(400 << 20, rel=0.1)
    assert small.outcome.usage.max_rss_bytes is None or small.outcome.usage.max_rss_bytes < 100 << 20


async def test_a_killed_one_has_usage_too(tree_kind):
    """C040: a job that was killed has its usage as well, and how long it took."""
    result = await run(["sh", "-c", "while :; do :; done"], timeout=0.3, grace=0)

    assert result.timed_out
    assert result.outcome.usage.user_s + result.outcome.usage.system_s > 0
    assert result.duration_s == pytest.approx(0.3, abs=0.5)
