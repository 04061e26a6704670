"""Ten hours of the rhythm of each recorded tool, and never a stall: with a fake clock, in milliseconds."""

import pytest
from benchmarks.progress_score import fixtures

from procession.model.health import Liveness
from procession.policy.liveness import LivenessJudge, Signs

HOURS = 10


@pytest.mark.parametrize("fixture", fixtures(), ids=lambda each: each["file"])
def test_no_tool_that_works_is_called_stalled(fixture):
    """Whoever prints is heard. The three that print nothing in a pipe are seen to move bytes, as they did."""
    moments = [at_s for at_s, _, _ in fixture["timing"]]
    length_s = max(fixture["duration_s"], 0.1)
    judge, word_at_s = LivenessJudge(), 0.0
    for look in range(1, HOURS * 120 + 1):
        now = look * 30.0
        turn = now // length_s
        heard = [at_s for at_s in moments if turn * length_s + at_s <= now]
        if heard:
            word_at_s = turn * length_s + max(heard)
        elif moments:
            word_at_s = max(word_at_s, (turn - 1) * length_s + max(moments))
        judged = judge.judge(
            Signs(at_s=now, word_at_s=word_at_s, cpu_s=0.0, io_bytes=0 if moments else look * 1000), 300
        )
        assert judged.liveness is not Liveness.STALLED
